/** What a walk through a text finds. Decisions are made of it later; nothing here judges. */
import type { Access } from '@sluice/schemas';
import type { Relation } from '../catalog.js';
import { namesOf } from '../relation-names.js';
import type { Extent } from '../tokens.js';
import type { FromItem } from './scope.js';

/** One place where a text names a relation. */
export interface RelationUse {
  readonly relation: Relation;
  /**
   * `read`: rows are read here, and a masking subquery may stand in its place. `target`: rows are changed here.
   * `copied`: rows are read whole, where no subquery may stand. `changed`: its definition changes.
   * `named`: neither its rows nor its definition are touched.
   */
  readonly mode: 'read' | 'target' | 'copied' | 'changed' | 'named';
  /** The name, with ONLY, `*` and, in the TABLE command, the keyword. Undefined where only the catalog names it. */
  readonly extent: Extent;
  /** The name alone. */
  readonly name: Extent;
  readonly only: boolean;
  readonly aliased: boolean;
  /** The name that columns are qualified by. */
  readonly label: string;
  /** Written `TABLE x`. */
  readonly command: boolean;
  /** TABLESAMPLE clause: it belongs to the relation and moves with it. */
  readonly sample?: Extent;
  readonly statement: number;
}

/** One place where a text names a column, a whole row, or all columns. */
export interface Reference {
  readonly names: readonly string[];
  readonly star: boolean;
  /** What a qualifier may mean; empty for a bare name. */
  readonly items: readonly FromItem[];
  readonly statement: number;
}

/** `schema.table.column`: the schema must go when the table becomes a subquery. */
export interface QualifiedReference {
  readonly schema: string;
  readonly table: string;
  /** From the schema up to the table's name. */
  readonly extent: Extent;
}

export interface Edit extends Extent {
  readonly text: string;
}

export interface StatementFinding {
  kind: string;
  /** Changes rows somewhere inside, data-modifying CTEs included. */
  writes: boolean;
  /** Why a mask on any of the target's columns makes this statement unsound; found while walking. */
  readonly arbiters: string[];
  /** An unnamed or named constraint decides: nobody knows which columns it reads. */
  opaqueArbiter: boolean;
}

export class Findings {
  readonly uses: RelationUse[] = [];
  readonly references: Reference[] = [];
  readonly qualified: QualifiedReference[] = [];
  readonly pins: Edit[] = [];
  readonly statements: StatementFinding[] = [];
  readonly functions = new Set<string>();
  readonly columns = new Set<string>();
  readonly tables = new Set<string>();
  readonly #accesses = new Map<string, Access>();
  joins = 0;
  hasWhere = true;
  readonly limits: (bigint | undefined)[] = [];

  get accesses(): readonly Access[] {
    return [...this.#accesses.values()];
  }

  access(action: string, resource: string): void {
    this.#accesses.set(`${action}\n${resource}`, { action, resource });
  }

  accessTo(action: string, relation: Relation): void {
    const name = namesOf(relation).canonical;
    this.tables.add(name);
    this.access(action, name);
  }

  column(relation: Relation, name: string): void {
    const canonical = namesOf(relation).columns.get(name);
    if (canonical !== undefined) this.columns.add(canonical);
  }

  statement(): StatementFinding {
    const last = this.statements.at(-1);
    if (last === undefined) throw new Error('no statement was begun');
    return last;
  }
}
