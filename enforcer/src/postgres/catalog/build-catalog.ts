/** Rows of the backend's catalog to a `Catalog`. Pure. */
import { createHash } from 'node:crypto';
import { canonicalName, type Catalog, type Column, type Relation, type RelationKind } from '@sluice/facts';

export interface CatalogRows {
  readonly relations: readonly { oid: string; schema: string; name: string; kind: string }[];
  readonly columns: readonly {
    relation: string;
    name: string;
    number: number;
    type: string;
    notNull: boolean;
  }[];
  readonly parents: readonly { child: string; parent: string }[];
  readonly reads: readonly { view: string; relation: string; attribute: number; whole: boolean }[];
  readonly functions: readonly { schema: string; name: string }[];
  readonly operators: readonly { name: string }[];
  readonly types: readonly { schema: string; name: string }[];
  readonly searchPath: readonly string[];
}

const KINDS: Readonly<Record<string, RelationKind>> = {
  r: 'table',
  p: 'partitioned_table',
  v: 'view',
  m: 'materialized_view',
  f: 'foreign_table',
  S: 'sequence',
};

export function buildCatalog(rows: CatalogRows): Catalog {
  const names = new Map(rows.relations.map(({ oid, schema, name }) => [oid, canonicalName(schema, name)]));
  const columns = groupBy(rows.columns, (row) => row.relation);
  const parents = groupBy(rows.parents, (row) => row.child);
  const reads = groupBy(rows.reads, (row) => row.view);
  const graph: Graph = { names, columns, parents, reads };
  const relations = new Map<string, Relation>();
  for (const { oid, schema, name, kind } of rows.relations) {
    const known = KINDS[kind];
    if (known === undefined) continue;
    relations.set(canonicalName(schema, name), {
      oid: Number(oid),
      schema,
      name,
      kind: known,
      columns: (columns.get(oid) ?? []).map(columnOf),
      parents: parentsOf(oid, graph),
      reads: [...readsOf(oid, graph, new Set())].sort(),
    });
  }
  return {
    version: createHash('sha256').update(JSON.stringify(rows)).digest('hex'),
    searchPath: rows.searchPath,
    relations,
    functions: new Set(rows.functions.map(({ schema, name }) => canonicalName(schema, name))),
    operators: new Set(rows.operators.map(({ name }) => name)),
    types: new Set(rows.types.map(({ schema, name }) => canonicalName(schema, name))),
  };
}

interface Graph {
  readonly names: ReadonlyMap<string, string>;
  readonly columns: ReadonlyMap<string, CatalogRows['columns']>;
  readonly parents: ReadonlyMap<string, CatalogRows['parents']>;
  readonly reads: ReadonlyMap<string, CatalogRows['reads']>;
}

const columnOf = ({ name, number, type, notNull }: CatalogRows['columns'][number]): Column => ({
  name,
  number,
  type,
  notNull,
});

/** All levels, nearest first. */
function parentsOf(oid: string, { parents, names }: Graph): readonly string[] {
  const found = new Set<string>();
  let level = [oid];
  while (level.length > 0) {
    level = level.flatMap((child) => (parents.get(child) ?? []).map(({ parent }) => parent));
    level = level.filter((parent) => !found.has(parent));
    for (const parent of level) found.add(parent);
  }
  return [...found].flatMap((parent) => names.get(parent) ?? []);
}

/** Columns that the definition of a view reads, through other views too. Empty for what is no view. */
function readsOf(oid: string, graph: Graph, open: Set<string>): ReadonlySet<string> {
  const found = new Set<string>();
  if (open.has(oid)) return found;
  open.add(oid);
  for (const { relation, attribute, whole } of graph.reads.get(oid) ?? []) {
    const table = graph.names.get(relation);
    if (table === undefined) continue;
    const columns = graph.columns.get(relation) ?? [];
    // Attribute 0 without a whole-row reference is a relation of which no column is read, as in count(*).
    const read = whole ? columns : columns.filter(({ number }) => number === attribute);
    for (const { name } of read) found.add(`${table}.${canonicalName(name)}`);
    for (const column of readsOf(relation, graph, open)) found.add(column);
  }
  open.delete(oid);
  return found;
}

function groupBy<T>(rows: readonly T[], keyOf: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group) group.push(row);
    else groups.set(keyOf(row), [row]);
  }
  return groups;
}
