/** A seeded source of random choices: the same seed always gives the same choices. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 32 random bits (mulberry32). */
  bits(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** From 0 up to, not including, `limit`. */
  below(limit: number): number {
    return Math.floor((this.bits() / 2 ** 32) * limit);
  }

  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  chance(probability: number): boolean {
    return this.bits() / 2 ** 32 < probability;
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.below(choices.length)];
    if (choice === undefined) throw new RangeError('nothing to pick from');
    return choice;
  }

  /** That many picks, the same one perhaps more than once. */
  picks<T>(choices: readonly T[], count: number): T[] {
    return choices.length === 0 ? [] : Array.from({ length: count }, () => this.pick(choices));
  }

  shuffled<T>(list: readonly T[]): T[] {
    return list
      .map((value) => ({ value, at: this.bits() }))
      .sort((a, b) => a.at - b.at)
      .map(({ value }) => value);
  }

  /** A source of its own for part `index`, so that parts can be run alone. */
  fork(index: number): Random {
    return new Random(Math.imul(this.#state ^ Math.imul(index + 1, 0x9e3779b1), 0x85ebca6b));
  }
}

/** The seed of this run: from the environment when given, else fresh. Always printed, so that a run can be repeated. */
export function seedOfRun(): number {
  const given = process.env['SLUICE_SEED'];
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given);
  if (!Number.isInteger(seed) || seed < 0) throw new RangeError('SLUICE_SEED must be a whole number');
  console.log(`seed ${seed} (run again with SLUICE_SEED=${seed})`);
  return seed;
}
