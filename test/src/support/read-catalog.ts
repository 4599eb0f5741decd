/** A catalog straight from a server, for tests of the judgement alone; the enforcer has its own loader. */
import { canonicalName, type Catalog, type Column, type Relation, type RelationKind } from '@sluice/facts';
import type pg from 'pg';

const KINDS: Readonly<Record<string, RelationKind>> = {
  r: 'table',
  p: 'partitioned_table',
  v: 'view',
  m: 'materialized_view',
  f: 'foreign_table',
  S: 'sequence',
};

export async function readCatalog(client: pg.Client): Promise<Catalog> {
  await client.query(`BEGIN; SET LOCAL search_path = ''`);
  const relations = await client.query<{ oid: number; schema: string; name: string; kind: string }>(
    `SELECT c.oid::int, n.nspname AS schema, relname AS name, relkind AS kind
     FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
     WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND nspname !~ '^pg_toast'`,
  );
  const columns = await client.query<Column & { relation: number }>(
    `SELECT attrelid::int AS relation, attname AS name, attnum AS number, attnotnull AS "notNull",
       format_type(atttypid, atttypmod) AS type
     FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped ORDER BY attnum`,
  );
  const parents = await client.query<{ child: number; schema: string; name: string }>(
    `WITH RECURSIVE up(child, parent) AS (
       SELECT inhrelid, inhparent FROM pg_inherits
       UNION SELECT child, inhparent FROM up JOIN pg_inherits ON inhrelid = parent)
     SELECT child::int, nspname AS schema, relname AS name
     FROM up JOIN pg_class c ON c.oid = parent JOIN pg_namespace n ON n.oid = relnamespace`,
  );
  const reads = await client.query<{ view: number; schema: string; table: string; column: string }>(
    `SELECT DISTINCT ev_class::int AS view, nspname AS schema, relname AS table, attname AS column
     FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
       AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
     JOIN pg_class c ON c.oid = d.refobjid JOIN pg_namespace n ON n.oid = relnamespace
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
     WHERE c.oid >= 16384 AND ev_class <> c.oid`,
  );
  const functions = await client.query<{ schema: string; name: string }>(
    `SELECT DISTINCT nspname AS schema, proname AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
     WHERE nspname <> 'pg_catalog'`,
  );
  await client.query('ROLLBACK');
  const found = relations.rows.map((row): Relation => {
    const canonical = (name: { schema: string; name: string }): string =>
      canonicalName(name.schema, name.name);
    return {
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      kind: KINDS[row.kind] ?? 'table',
      columns: columns.rows.filter(({ relation }) => relation === row.oid),
      parents: parents.rows.filter(({ child }) => child === row.oid).map(canonical),
      reads: reads.rows
        .filter(({ view }) => view === row.oid)
        .map(({ schema, table, column }) => canonicalName(schema, table, column)),
    };
  });
  return {
    version: `${Date.now()}`,
    searchPath: ['public'],
    relations: new Map(found.map((relation) => [canonicalName(relation.schema, relation.name), relation])),
    functions: new Set(functions.rows.map(({ schema, name }) => canonicalName(schema, name))),
    operators: new Set(),
    types: new Set(),
  };
}
