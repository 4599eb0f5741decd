/** The tokens of a text, looked up by the byte offsets that the parse tree gives. */
import type { Token } from './parser.js';
import { unsupported } from './refusal.js';

const MAX_NAME_BYTES = 63;

/** From the first byte of the first token to after the last byte of the last. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

export class Tokens {
  readonly #indexByStart: ReadonlyMap<number, number>;

  constructor(
    readonly bytes: Buffer,
    readonly tokens: readonly Token[],
  ) {
    this.#indexByStart = new Map(tokens.map((token, index) => [token.start, index]));
  }

  /** Index of the token that begins at a location of the parse tree. */
  at(location: number): number {
    return this.#indexByStart.get(location) ?? unsupported('a name at an unknown position');
  }

  token(index: number): Token {
    return this.tokens[index] ?? unsupported('a name at an unknown position');
  }

  /** Text of a token as written; empty beyond the ends. */
  text(index: number): string {
    const token = this.tokens[index];
    return token === undefined ? '' : this.bytes.toString('utf8', token.start, token.end);
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
      if (nameIn(this.text(index)) !== part) return unsupported(`the way \`${part}\` is written`);
    }
    return index;
  }

  /** Index of the parenthesis that closes the one at `open`. */
  closing(open: number): number {
    if (!this.is(open, '(')) return unsupported('a missing parenthesis');
    let depth = 0;
    for (let index = open; index < this.tokens.length; index++) {
      if (this.is(index, '(')) depth++;
      if (this.is(index, ')') && --depth === 0) return index;
    }
    return unsupported('a missing parenthesis');
  }

  /** `word` with blanks where it would otherwise run into its neighbours (`customers"c"`). */
  apart(extent: Extent, word: string): string {
    const blank = (byte: number | undefined): boolean =>
      byte === undefined || byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
    const before = blank(this.bytes[extent.start - 1]) ? '' : ' ';
    const after = blank(this.bytes[extent.end]) ? '' : ' ';
    return `${before}${word}${after}`;
  }
}

/** The name that a token means: folded as the server folds it, cut where the server cuts it refused. */
function nameIn(token: string): string | undefined {
  const name = token.startsWith('"')
    ? token.slice(1, -1).replaceAll('""', '"')
    : token.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  return Buffer.byteLength(name) > MAX_NAME_BYTES ? undefined : name;
}
