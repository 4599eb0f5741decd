import type { ErrorDefinition } from '@sluice/schemas';

/** A stretch of the CEL text, in UTF-16 code units; `to` is exclusive. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Something to tell the author about a condition: the code's row, what exactly, where, and the way out. */
export interface ConditionProblem extends Span {
  readonly error: ErrorDefinition;
  readonly message: string;
  readonly help: string;
}

export function problem(
  error: ErrorDefinition,
  span: Span,
  message: string,
  help: string = error.help,
): ConditionProblem {
  return { error, message, help, from: span.from, to: span.to };
}

/** Joins what was found in several places: problems when there are any, else undefined. */
export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly ConditionProblem[] };

export const fine = <T>(value: T): Checked<T> => ({ ok: true, value });
export const bad = (...problems: readonly ConditionProblem[]): Checked<never> => ({ ok: false, problems });
