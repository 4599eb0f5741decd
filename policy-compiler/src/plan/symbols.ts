/** Sorted tables without duplicates, as the plan interns names. */

/** By code point, which is the order of the UTF-8 bytes. */
export function compareBytewise(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left === right) continue;
    // Surrogates stand for code points above all others.
    const leftHigh = left >= 0xd800 && left < 0xe000;
    const rightHigh = right >= 0xd800 && right < 0xe000;
    return leftHigh === rightHigh ? left - right : leftHigh ? 1 : -1;
  }
  return a.length - b.length;
}

export class Symbols {
  readonly names: readonly string[];
  readonly #indexes: ReadonlyMap<string, number>;

  constructor(names: Iterable<string>) {
    this.names = [...new Set(names)].sort(compareBytewise);
    this.#indexes = new Map(this.names.map((name, index) => [name, index]));
  }

  indexOf(name: string): number {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new RangeError(`\`${name}\` was not interned`);
    return index;
  }

  /** Ascending and without duplicates, so that how an author ordered a list never shows. */
  indexesOf(names: Iterable<string>): number[] {
    return [...new Set([...names].map((name) => this.indexOf(name)))].sort((a, b) => a - b);
  }
}
