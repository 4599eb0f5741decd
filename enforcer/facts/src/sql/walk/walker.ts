/** What the walks of the several node types need of each other; `walk.ts` fills it in. */
import type { CatalogIndex } from '../catalog-index.js';
import type { Raw, Typed } from '../raw.js';
import type { Tokens } from '../tokens.js';
import type { Findings } from './findings.js';
import type { Scope } from './scope.js';

export interface Walker {
  readonly index: CatalogIndex;
  readonly tokens: Tokens;
  readonly findings: Findings;
  /** Any expression, wrapped in its type. */
  expression(value: unknown, scope: Scope): void;
  expressions(values: readonly unknown[], scope: Scope): void;
  /** An expression that may be absent. */
  maybe(value: unknown, scope: Scope): void;
  /** The body of a SelectStmt, in a scope of its own below `scope`. */
  query(node: Raw, scope: Scope): void;
  /** SELECT, INSERT, UPDATE or DELETE, as a CTE may hold them; gives the kind. */
  preparable(statement: Typed, scope: Scope): string;
}
