/** The tokens of a text, looked up by the byte offsets that the parse tree gives. */
import { fromBytes, isAscii, type ByteText } from './byte-text.js';
import type { TokenOffsets } from './plain-tokens.js';
import { unsupported } from './refusal.js';

const MAX_NAME_BYTES = 63;

/** From the first byte of the first token to after the last byte of the last. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

export class Tokens {
  constructor(
    readonly bytes: ByteText,
    readonly offsets: TokenOffsets,
  ) {}

  /** Index of the token that begins at a location of the parse tree. */
  at(location: number): number {
    let low = 0;
    let high = this.offsets.length / 2;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.startOf(middle) < location) low = middle + 1;
      else high = middle;
    }
    return this.startOf(low) === location ? low : unsupported('a name at an unknown position');
  }

  token(index: number): Extent {
    const start = this.offsets[2 * index];
    const end = this.offsets[2 * index + 1];
    return start === undefined || end === undefined
      ? unsupported('a name at an unknown position')
      : { start, end };
  }

  /** Infinity beyond the last. */
  startOf(index: number): number {
    return this.offsets[2 * index] ?? Infinity;
  }

  /** Bytes of a token as written; empty beyond the ends. */
  text(index: number): string {
    return this.bytes.slice(this.offsets[2 * index] ?? 0, this.offsets[2 * index + 1] ?? 0);
  }

  /** True when the token is this keyword or punctuation, and no quoted name. */
  is(index: number, word: string): boolean {
    return this.text(index).toLowerCase() === word;
  }

  /**
   * Index of the last token of a name of these parts that begins at token `first`. The written name is read again
   * and compared, so that an edit never lands on something else.
   */
  nameEnd(first: number, parts: readonly string[]): number {
    let index = first;
    for (const [position, part] of parts.entries()) {
      if (position > 0) {
        if (!this.is(index + 1, '.')) return unsupported(`the way \`${part}\` is written`);
        index += 2;
      }
      if (nameIn(fromBytes(this.text(index))) !== part) return unsupported(`the way \`${part}\` is written`);
    }
    return index;
  }

  /** Index of the parenthesis that closes the one at `open`. */
  closing(open: number): number {
    if (!this.is(open, '(')) return unsupported('a missing parenthesis');
    let depth = 0;
    for (let index = open; 2 * index < this.offsets.length; index++) {
      if (this.is(index, '(')) depth++;
      if (this.is(index, ')') && --depth === 0) return index;
    }
    return unsupported('a missing parenthesis');
  }

  /** `word` with blanks where it would otherwise run into its neighbours (`customers"c"`). */
  apart(extent: Extent, word: string): string {
    const after = this.#isBlank(extent.end) ? '' : ' ';
    return `${this.gapBefore(extent.start)}${word}${after}`;
  }

  /** The blank that a quoted name needs at `start` (`u&"a"` is one name). */
  gapBefore(start: number): string {
    return this.#isBlank(start - 1) ? '' : ' ';
  }

  /** True for white space and beyond the ends. */
  #isBlank(at: number): boolean {
    if (at < 0 || at >= this.bytes.length) return true;
    const byte = this.bytes.charCodeAt(at);
    return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
  }
}

/** The name that a token means: folded as the server folds it, cut where the server cuts it refused. */
function nameIn(token: string): string | undefined {
  const name = token.startsWith('"') ? token.slice(1, -1).replaceAll('""', '"') : folded(token);
  return Buffer.byteLength(name) > MAX_NAME_BYTES ? undefined : name;
}

/** Only the letters of ASCII are folded. */
const folded = (name: string): string =>
  isAscii(name) ? name.toLowerCase() : name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
