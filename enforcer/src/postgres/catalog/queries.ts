/** All rows of a query as one JSON text: one value to read, with types. */
export const asJson = (query: string): string =>
  `SELECT coalesce(pg_catalog.json_agg(q), '[]')::pg_catalog.text FROM (${query}) q`;

/**
 * What the catalog is read by. Each query names its objects in pg_catalog, so that nothing on a search path
 * can stand in for them.
 */

/**
 * System relations that may be known, and thus named by a rule: they describe objects and hold no data of
 * users. Statistics (pg_stats, pg_statistic), credentials (pg_authid, pg_user_mapping) and activity are not here.
 */
const SYSTEM_RELATIONS = `
  'pg_am','pg_attrdef','pg_attribute','pg_cast','pg_class','pg_collation','pg_constraint','pg_database',
  'pg_depend','pg_description','pg_enum','pg_extension','pg_index','pg_indexes','pg_inherits','pg_language',
  'pg_namespace','pg_opclass','pg_operator','pg_opfamily','pg_partitioned_table','pg_policy','pg_proc',
  'pg_range','pg_roles','pg_sequence','pg_tables','pg_tablespace','pg_trigger','pg_type','pg_views',
  'schemata','tables','columns','table_constraints','key_column_usage','referential_constraints','views',
  'constraint_column_usage'
`;

export const RELATIONS = `
  SELECT c.oid::pg_catalog.text AS oid, n.nspname AS schema, c.relname AS name, c.relkind::pg_catalog.text AS kind
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    AND n.nspname !~ '^pg_(toast|temp_|toast_temp_)'
    AND (n.nspname NOT IN ('pg_catalog', 'information_schema') OR c.relname IN (${SYSTEM_RELATIONS}))
  ORDER BY c.oid`;

export const COLUMNS = `
  SELECT a.attrelid::pg_catalog.text AS relation, a.attname AS name, a.attnum::pg_catalog.int4 AS number,
    pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS "notNull"
  FROM pg_catalog.pg_attribute a
  WHERE a.attnum > 0 AND NOT a.attisdropped
  ORDER BY a.attrelid, a.attnum`;

export const PARENTS = `
  SELECT inhrelid::pg_catalog.text AS child, inhparent::pg_catalog.text AS parent
  FROM pg_catalog.pg_inherits ORDER BY inhrelid, inhseqno`;

/**
 * Columns that a view's rule reads. A whole-row reference leaves no dependency on columns, but shows as
 * attribute 0 in the rule: such a view counts as reading every column of every relation it depends on.
 */
export const VIEW_READS = `
  SELECT DISTINCT r.ev_class::pg_catalog.text AS view, d.refobjid::pg_catalog.text AS relation,
    CASE WHEN r.ev_action::pg_catalog.text ~ ':varattno 0 ' THEN 0 ELSE d.refobjsubid END AS attribute,
    r.ev_action::pg_catalog.text ~ ':varattno 0 ' AS whole
  FROM pg_catalog.pg_rewrite r
  JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
    AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  WHERE d.refobjid <> r.ev_class
  ORDER BY 1, 2, 3`;

export const FUNCTIONS = `
  SELECT DISTINCT n.nspname AS schema, p.proname AS name
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  WHERE n.nspname <> 'pg_catalog' ORDER BY 1, 2`;

export const OPERATORS = `
  SELECT DISTINCT o.oprname AS name
  FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
  WHERE n.nspname <> 'pg_catalog' ORDER BY 1`;

/** Row types of tables and array types are not listed: they come with their table and element type. */
export const TYPES = `
  SELECT n.nspname AS schema, t.typname AS name
  FROM pg_catalog.pg_type t
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
  WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    AND t.typcategory <> 'A' AND (t.typrelid = 0 OR c.relkind = 'c')
  ORDER BY 1, 2`;

export const SEARCH_PATH = `SELECT pg_catalog.to_json(pg_catalog.current_schemas(false))::pg_catalog.text`;
