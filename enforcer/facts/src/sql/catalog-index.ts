/** A catalog made ready for questions: by schema and name, children by parent, functions by bare name. */
import { isSystemSchema } from './allow/relations.js';
import type { Catalog, Column, Relation } from './catalog.js';
import { splitCanonical } from './identifier.js';
import { namesOf } from './relation-names.js';

export interface ColumnOf {
  readonly relation: Relation;
  readonly column: Column;
}

export class CatalogIndex {
  /** By schema, then name. */
  readonly #relations = new Map<string, Map<string, Relation>>();
  readonly #path: readonly string[];
  readonly #children = new Map<Relation, Relation[]>();
  /** Schemas that have a function of a bare name. */
  readonly #functions = new Map<string, string[]>();
  readonly #columnNames = new Set<string>();

  constructor(readonly catalog: Catalog) {
    const { searchPath } = catalog;
    this.#path = searchPath.includes('pg_catalog') ? searchPath : ['pg_catalog', ...searchPath];
    for (const relation of catalog.relations.values()) {
      const siblings = this.#relations.get(relation.schema) ?? new Map<string, Relation>();
      this.#relations.set(relation.schema, siblings.set(relation.name, relation));
      if (isSystemSchema(relation.schema)) continue;
      for (const { name } of relation.columns) this.#columnNames.add(name);
    }
    for (const relation of catalog.relations.values()) {
      for (const parent of this.parentsOf(relation)) {
        const children = this.#children.get(parent) ?? [];
        children.push(relation);
        this.#children.set(parent, children);
      }
    }
    for (const canonical of catalog.functions) {
      const [schema, name] = splitCanonical(canonical) ?? [];
      if (schema === undefined || name === undefined) continue;
      this.#functions.set(name, [...(this.#functions.get(name) ?? []), schema]);
    }
  }

  relation(schema: string, name: string): Relation | undefined {
    return this.#relations.get(schema)?.get(name);
  }

  /** What an unqualified name means: pg_catalog first, as PostgreSQL searches, then the search path. */
  search(name: string): Relation | undefined {
    for (const schema of this.path()) {
      const relation = this.relation(schema, name);
      if (relation) return relation;
    }
    return undefined;
  }

  path(): readonly string[] {
    return this.#path;
  }

  parentsOf(relation: Relation): readonly Relation[] {
    return relation.parents.flatMap((name) => this.byCanonical(name) ?? []);
  }

  /** Children of all levels, because `parents` lists all levels. */
  childrenOf(relation: Relation): readonly Relation[] {
    return this.#children.get(relation) ?? [];
  }

  /** Schemas outside pg_catalog that have a function of this name. */
  functionSchemas(name: string): readonly string[] {
    return this.#functions.get(name) ?? [];
  }

  /** True when a table of the user's has such a column. */
  hasColumnNamed(name: string): boolean {
    return this.#columnNames.has(name);
  }

  column(canonical: string): ColumnOf | undefined {
    const [schema, table, name] = splitCanonical(canonical) ?? [];
    if (schema === undefined || table === undefined || name === undefined) return undefined;
    const relation = this.relation(schema, table);
    const column = relation && columnNamed(relation, name);
    return relation && column && { relation, column };
  }

  /**
   * Every canonical name under which a mask may speak of this column: its own, and that of the same column in
   * parents and children, because reading either gives the values of both.
   */
  aliasesOf(relation: Relation, column: Column): readonly string[] {
    const relatives = [...this.parentsOf(relation), ...this.childrenOf(relation)];
    const family = [relation, ...relatives.filter((relative) => columnNamed(relative, column.name))];
    return family.flatMap((relative) => namesOf(relative).columns.get(column.name) ?? []);
  }

  private byCanonical(name: string): Relation | undefined {
    const [schema, table] = splitCanonical(name) ?? [];
    return schema === undefined || table === undefined ? undefined : this.relation(schema, table);
  }
}

export const columnNamed = (relation: Relation, name: string): Column | undefined =>
  relation.columns.find((column) => column.name === name);

const indexes = new WeakMap<Catalog, CatalogIndex>();

/** The index of a catalog, made once. */
export function indexOf(catalog: Catalog): CatalogIndex {
  let index = indexes.get(catalog);
  if (index === undefined) indexes.set(catalog, (index = new CatalogIndex(catalog)));
  return index;
}
