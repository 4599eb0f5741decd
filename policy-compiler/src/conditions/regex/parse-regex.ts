/**
 * The part of RE2's syntax that an automaton can run: https://github.com/google/re2/wiki/Syntax. What RE2 itself
 * refuses was refused before (see `compileRegex`); what it accepts and this does not is refused by name.
 */
import type { CharSet } from 'refa';
import { MAX_PATTERN_DEPTH } from '../caps.js';
import { ANY_BUT_NEWLINE, ANYTHING, foldCase, NOTHING, PERL, POSIX, range, single } from './char-sets.js';
import { RegexRefusal, type Regex } from './syntax.js';

const ESCAPES: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };

export function parseRegex(pattern: string): Regex {
  return new RegexParser(pattern).parse();
}

class RegexParser {
  #at = 0;
  #depth = 0;
  #ignoreCase = false;
  #dotAll = false;

  constructor(private readonly pattern: string) {}

  parse(): Regex {
    const flags = /^\(\?([is]+)\)/.exec(this.pattern);
    if (flags?.[1] !== undefined) {
      this.#ignoreCase = flags[1].includes('i');
      this.#dotAll = flags[1].includes('s');
      this.#at = flags[0].length;
    }
    const regex = this.#choice();
    if (this.#at < this.pattern.length) this.#refuse('syntax', 'a `)` closes nothing', 1);
    return regex;
  }

  #refuse(reason: 'syntax' | 'unsupported' | 'too_complex', message: string, length: number): never {
    throw new RegexRefusal(reason, message, this.#at, length);
  }

  /** Takes what the sticky expression `token` matches here, or nothing. */
  #take(token: RegExp): RegExpExecArray | undefined {
    token.lastIndex = this.#at;
    const match = token.exec(this.pattern) ?? undefined;
    if (match !== undefined) this.#at = token.lastIndex;
    return match;
  }

  #choice(): Regex {
    if (++this.#depth > MAX_PATTERN_DEPTH) {
      this.#refuse('too_complex', `groups nest more than ${MAX_PATTERN_DEPTH} deep`, 1);
    }
    const options = [this.#sequence()];
    while (this.#take(/\|/y) !== undefined) options.push(this.#sequence());
    this.#depth--;
    return { kind: 'choice', options };
  }

  #sequence(): Regex {
    const parts: Regex[] = [];
    while (this.#at < this.pattern.length && !/[|)]/.test(this.pattern.charAt(this.#at))) {
      parts.push(this.#repeated(this.#atom()));
    }
    return { kind: 'sequence', parts };
  }

  /** Lazy or greedy makes no difference to whether there is a match. */
  #repeated(part: Regex): Regex {
    const sign = this.#take(/([*+?])\??/y)?.[1];
    if (sign !== undefined) {
      return { kind: 'repeat', part, min: sign === '+' ? 1 : 0, max: sign === '?' ? 1 : Infinity };
    }
    const counts = this.#take(/\{(\d+)(?:(,)(\d*))?\}\??/y);
    if (counts === undefined) return part;
    const min = Number(counts[1]);
    const max = counts[2] === undefined ? min : counts[3] === '' ? Infinity : Number(counts[3]);
    return { kind: 'repeat', part, min, max };
  }

  #atom(): Regex {
    if (this.#take(/\^|\\A/y)) return { kind: 'begin' };
    if (this.#take(/\$|\\z/y)) return { kind: 'end' };
    if (this.#take(/\./y)) return { kind: 'chars', set: this.#dotAll ? ANYTHING : ANY_BUT_NEWLINE };
    if (this.#take(/\[/y)) return { kind: 'chars', set: this.#class() };
    if (this.#take(/\((?:\?:|\?P?<\w+>|(?!\?))/y)) {
      const inner = this.#choice();
      if (!this.#take(/\)/y)) this.#refuse('syntax', 'a group is not closed', 1);
      return inner;
    }
    const group = /\(\?[^)]{0,8}/y;
    group.lastIndex = this.#at;
    const odd = group.exec(this.pattern)?.[0];
    if (odd !== undefined) {
      this.#refuse(
        'unsupported',
        `\`${odd}\` is not supported: flags stand at the beginning only`,
        odd.length,
      );
    }
    const set = this.#perlClass();
    return { kind: 'chars', set: set ?? this.#folded(single(this.#char())) };
  }

  #folded(set: CharSet): CharSet {
    return this.#ignoreCase ? foldCase(set) : set;
  }

  /** `\d` and its like; the negated ones are negated after folding, as RE2 does. */
  #perlClass(): CharSet | undefined {
    const letter = this.#take(/\\([dDsSwW])/y)?.[1];
    if (letter === undefined) return undefined;
    const set = this.#folded(PERL.get(letter.toLowerCase()) ?? NOTHING);
    return letter === letter.toLowerCase() ? set : set.negate();
  }

  #posixClass(): CharSet | undefined {
    const match = this.#take(/\[:(\^?)(\w+):\]/y);
    if (match === undefined) return undefined;
    const set = this.#folded(POSIX.get(match[2] ?? '') ?? NOTHING);
    return match[1] === '^' ? set.negate() : set;
  }

  /** What follows `[`. A `]` that stands first is itself. */
  #class(): CharSet {
    const negated = this.#take(/\^/y) !== undefined;
    let set = NOTHING;
    for (let first = true; first || !this.#take(/\]/y); first = false) {
      if (this.#at >= this.pattern.length) this.#refuse('syntax', 'a class is not closed', 1);
      set = set.union(this.#posixClass() ?? this.#perlClass() ?? this.#classRange());
    }
    return negated ? set.negate() : set;
  }

  #classRange(): CharSet {
    const min = this.#char();
    if (!this.#take(/-(?!\])/y)) return this.#folded(single(min));
    const max = this.#char();
    if (max < min) this.#refuse('syntax', 'a range of a class goes backwards', 1);
    return this.#folded(range(min, max));
  }

  /** One code point, plain or escaped. */
  #char(): number {
    const plain = this.#take(/[^\\]/uy)?.[0];
    if (plain !== undefined) return plain.codePointAt(0) ?? 0;
    const hex = this.#take(/\\x(?:\{([\da-fA-F]+)\}|([\da-fA-F]{2}))/y);
    if (hex !== undefined) return Number.parseInt(hex[1] ?? hex[2] ?? '', 16);
    const named = this.#take(/\\([aftnrv])/y)?.[1];
    if (named !== undefined) return ESCAPES[named] ?? 0;
    const punctuation = this.#take(/\\([!-/:-@[-`{-~])/y)?.[1];
    if (punctuation !== undefined) return punctuation.codePointAt(0) ?? 0;
    const escape = this.pattern.slice(this.#at, this.#at + 2);
    const wayOut =
      {
        '\\b': 'match the neighbouring characters, such as `(^|\\W)`',
        '\\B': 'match the neighbouring characters, such as `\\w`',
        '\\p': 'its meaning changes with the version of Unicode; write the ranges in a class',
        '\\P': 'its meaning changes with the version of Unicode; write the ranges in a class',
        '\\Q': 'put a backslash before each special character',
        '\\C': 'a text is code points, not bytes',
      }[escape] ?? 'write the code point as `\\x{...}`';
    return this.#refuse('unsupported', `\`${escape}\` is not supported: ${wayOut}`, 2);
  }
}
