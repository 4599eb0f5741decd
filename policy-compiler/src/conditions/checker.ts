/** What the parts of the type check share. */
import type { ErrorDefinition, pb } from '@sluice/schemas';
import type { Expression, Type } from './expression.js';
import type { Expr, ParsedCondition } from './parse-condition.js';
import type { Span } from './problem.js';

/** What a variable of a macro stands for: one value, or each entry of a list in turn. */
export type Scope = ReadonlyMap<string, string | bigint | 'each entry of a list'[]>;
export const EACH_ENTRY: 'each entry of a list'[] = [];

/** What the parts of the checker share. Each `check` answers undefined when it has reported a problem. */
export interface Checker {
  readonly parsed: ParsedCondition;
  check(expr: Expr | undefined, scope: Scope): Expression | undefined;
  report(span: Span, error: ErrorDefinition, message: string, help?: string): undefined;
  unsupported(expr: Expr, message: string, help?: string): undefined;
  pattern(expr: Expr, pattern: string): pb.Automaton | undefined;
}

/** `int` to `an int`, as messages say it. */
export const typeName = (type: Type): string => (type === 'int' ? 'an int' : `a ${type}`);
