/**
 * System relations that a rule may open: what psql's `\d` family and object-relational mappers read. The others
 * are refused whatever the rules say: they hold other sessions' statements, statistics made of column values,
 * passwords or server files.
 */
const PG_CATALOG = `pg_aggregate pg_am pg_amop pg_amproc pg_attrdef pg_attribute pg_auth_members
  pg_available_extension_versions pg_available_extensions pg_cast pg_class pg_collation pg_constraint
  pg_conversion pg_database pg_default_acl pg_depend pg_description pg_enum pg_event_trigger pg_extension
  pg_foreign_data_wrapper pg_foreign_server pg_foreign_table pg_group pg_index pg_indexes pg_inherits
  pg_init_privs pg_language pg_matviews pg_namespace pg_opclass pg_operator pg_opfamily pg_partitioned_table
  pg_policies pg_policy pg_proc pg_publication pg_publication_namespace pg_publication_rel
  pg_publication_tables pg_range pg_rewrite pg_roles pg_rules pg_sequence pg_shdepend pg_shdescription
  pg_statistic_ext pg_tables pg_tablespace pg_timezone_abbrevs pg_timezone_names pg_transform pg_trigger
  pg_ts_config pg_ts_config_map pg_ts_dict pg_ts_parser pg_ts_template pg_type pg_user pg_views`
  .trim()
  .split(/\s+/);

const INFORMATION_SCHEMA = `applicable_roles attributes character_sets check_constraint_routine_usage
  check_constraints collations column_domain_usage column_privileges column_udt_usage columns
  constraint_column_usage constraint_table_usage domain_constraints domain_udt_usage domains element_types
  enabled_roles information_schema_catalog_name key_column_usage parameters referential_constraints
  role_column_grants role_routine_grants role_table_grants routine_privileges routines schemata sequences
  table_constraints table_privileges tables triggered_update_columns triggers udt_privileges
  user_defined_types view_column_usage view_routine_usage view_table_usage views`
  .trim()
  .split(/\s+/);

const ALLOWED: ReadonlySet<string> = new Set([
  ...PG_CATALOG.map((name) => `pg_catalog.${name}`),
  ...INFORMATION_SCHEMA.map((name) => `information_schema.${name}`),
]);

export const isSystemSchema = (schema: string): boolean =>
  schema.startsWith('pg_') || schema === 'information_schema';

/** True for every relation of a user schema, and for the harmless ones of the system's. */
export const mayBeOpened = (schema: string, name: string): boolean =>
  !isSystemSchema(schema) || ALLOWED.has(`${schema}.${name}`);

/** Columns that every table has and no definition names; a masking subquery has none of them. */
export const SYSTEM_COLUMNS: ReadonlySet<string> = new Set([
  'ctid',
  'tableoid',
  'xmin',
  'xmax',
  'cmin',
  'cmax',
]);
