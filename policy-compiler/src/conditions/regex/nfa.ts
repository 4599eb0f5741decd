/** A regular expression as a non-deterministic automaton with empty moves. */
import type { CharSet } from 'refa';
import { MAX_NFA_STATES } from '../caps.js';
import { RegexRefusal, type Regex } from './syntax.js';

export type NfaState =
  /** Consumes one code point of the set. */
  | { readonly kind: 'chars'; readonly set: CharSet; readonly next: number }
  /** Moves without consuming: always, only before the first code point, only after the last. */
  | { readonly kind: 'move' | 'begin' | 'end'; readonly next: readonly number[] }
  | { readonly kind: 'accept' };

export interface Nfa {
  readonly states: readonly NfaState[];
  readonly start: number;
}

export function toNfa(regex: Regex): Nfa {
  const states: NfaState[] = [{ kind: 'accept' }];
  const add = (state: NfaState): number => {
    if (states.length >= MAX_NFA_STATES) {
      throw new RegexRefusal('too_complex', 'its repetitions multiply to too many states', 0, 0);
    }
    return states.push(state) - 1;
  };
  /** Adds what matches `part` and then goes on at `next`; returns where it begins. */
  const build = (part: Regex, next: number): number => {
    switch (part.kind) {
      case 'chars':
        return add({ kind: 'chars', set: part.set, next });
      case 'begin':
      case 'end':
        return add({ kind: part.kind, next: [next] });
      case 'sequence':
        return part.parts.reduceRight((after, inner) => build(inner, after), next);
      case 'choice':
        return add({ kind: 'move', next: part.options.map((option) => build(option, next)) });
      case 'repeat':
        break;
    }
    return repeat(part, next);
  };
  const repeat = ({ part, min, max }: Regex & { kind: 'repeat' }, next: number): number => {
    let after = next;
    if (max === Infinity) {
      const exits = [next];
      after = add({ kind: 'move', next: exits });
      exits.push(build(part, after));
    } else {
      for (let i = min; i < max; i++) after = add({ kind: 'move', next: [next, build(part, after)] });
    }
    for (let i = 0; i < min; i++) after = build(part, after);
    return after;
  };
  return { start: build(regex, 0), states };
}
