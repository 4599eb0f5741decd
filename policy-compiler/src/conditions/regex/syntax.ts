import type { CharSet } from 'refa';

/** A regular expression with everything resolved that does not need an automaton: classes are sets of code points. */
export type Regex =
  | { readonly kind: 'chars'; readonly set: CharSet }
  | { readonly kind: 'begin' | 'end' }
  | { readonly kind: 'sequence'; readonly parts: readonly Regex[] }
  | { readonly kind: 'choice'; readonly options: readonly Regex[] }
  | { readonly kind: 'repeat'; readonly part: Regex; readonly min: number; readonly max: number };

/** Thrown inside this folder only; `compileRegex` turns it into a value. `offset` counts UTF-16 code units. */
export class RegexRefusal extends Error {
  constructor(
    readonly reason: 'syntax' | 'unsupported' | 'too_complex',
    message: string,
    readonly offset: number,
    readonly length: number,
  ) {
    super(message);
  }
}
