/** What names mean at one place of a statement: the CTEs and the FROM items that can be seen from there. */
import type { Relation } from '../catalog.js';

export interface FromItem {
  /** The name that columns are qualified by. */
  readonly name: string;
  /**
   * `relation`: a table or view of the catalog. `rows`: a subquery, CTE, VALUES or join, whose whole row is a
   * record. `function`: a function, whose whole row may be a plain value (so `f.name` may call a function).
   */
  readonly kind: 'relation' | 'rows' | 'function';
  readonly relation?: Relation;
  /** True when the item has an alias, which hides the relation's own name. */
  readonly aliased: boolean;
  /** Columns that the statement itself names. */
  readonly columns: readonly string[];
}

export class Scope {
  readonly items: FromItem[] = [];
  readonly #ctes = new Set<string>();

  constructor(readonly parent?: Scope) {}

  addCte(name: string): void {
    this.#ctes.add(name);
  }

  hasCte(name: string): boolean {
    return this.#ctes.has(name) || (this.parent?.hasCte(name) ?? false);
  }

  /** Every item of that name that can be seen, inner ones first. All count: judging too many is safe. */
  itemsNamed(name: string): readonly FromItem[] {
    return this.all().filter((item) => item.name === name);
  }

  /** Items that `schema.table` may mean. */
  itemsOf(schema: string, table: string): readonly FromItem[] {
    return this.all().filter(
      ({ aliased, relation }) => !aliased && relation?.schema === schema && relation.name === table,
    );
  }

  all(): readonly FromItem[] {
    return this.parent ? [...this.items, ...this.parent.all()] : this.items;
  }
}
