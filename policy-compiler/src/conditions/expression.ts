/** A checked condition: a typed tree of only those things that the byte code can say. */
import type { FactDefinition, pb } from '@sluice/schemas';
import type { Arithmetic } from './int64.js';
import type { Span } from './problem.js';

export type Type = 'bool' | 'int' | 'string' | 'list(string)' | 'list(int)';

export type Comparison = 'equal' | 'not_equal' | 'less' | 'less_equal' | 'greater' | 'greater_equal';
export type TextTest = 'starts_with' | 'ends_with' | 'contains';
/** What a quantifier asks of each entry, with the entry on the left. */
export type EntryTest = 'equal' | 'not_equal' | 'in' | TextTest;

export type Expression = Span & { readonly type: Type } & Shape;

export type Shape =
  | { readonly kind: 'constant'; readonly value: boolean | bigint | string }
  | { readonly kind: 'list'; readonly values: readonly string[] | readonly bigint[] }
  | { readonly kind: 'fact'; readonly fact: FactDefinition }
  | { readonly kind: 'has'; readonly fact: FactDefinition }
  | { readonly kind: 'not'; readonly operand: Expression }
  | { readonly kind: 'negate'; readonly operand: Expression }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: 'choose';
      readonly test: Expression;
      readonly whenTrue: Expression;
      readonly whenFalse: Expression;
    }
  | {
      readonly kind: 'compare';
      readonly comparison: Comparison;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'arithmetic';
      readonly operation: Arithmetic;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'in'; readonly element: Expression; readonly list: Expression }
  | { readonly kind: 'text'; readonly test: TextTest; readonly text: Expression; readonly part: Expression }
  | { readonly kind: 'matches'; readonly text: Expression; readonly automaton: pb.Automaton }
  | { readonly kind: 'size'; readonly operand: Expression }
  | {
      readonly kind: 'some' | 'every';
      readonly list: Expression;
      readonly test: EntryTest;
      readonly operand: Expression;
    }
  | {
      readonly kind: 'some_match' | 'every_match';
      readonly list: Expression;
      readonly automaton: pb.Automaton;
    };

export const constant = (span: Span, value: boolean | bigint | string): Expression => ({
  kind: 'constant',
  type: typeof value === 'boolean' ? 'bool' : typeof value === 'bigint' ? 'int' : 'string',
  value,
  from: span.from,
  to: span.to,
});
