/** Settings that a session may show and change by itself. */
const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Change nothing but form, time and speed of the own session. */
export const SETTABLE: ReadonlySet<string> = new Set(
  words(`
  application_name bytea_output client_encoding client_min_messages datestyle
  default_transaction_deferrable default_transaction_isolation default_transaction_read_only
  enable_bitmapscan enable_hashagg enable_hashjoin enable_indexonlyscan enable_indexscan enable_material
  enable_mergejoin enable_nestloop enable_seqscan enable_sort extra_float_digits
  idle_in_transaction_session_timeout idle_session_timeout intervalstyle jit join_collapse_limit
  from_collapse_limit geqo lock_timeout max_parallel_workers_per_gather plan_cache_mode random_page_cost
  statement_timeout timezone transaction_deferrable transaction_isolation transaction_read_only
  transaction_timeout work_mem
`),
);

/** May be shown: the above, and what drivers ask of the server. */
export const SHOWABLE: ReadonlySet<string> = new Set([
  ...SETTABLE,
  ...words(`
  block_size default_text_search_config in_hot_standby integer_datetimes is_superuser lc_collate lc_ctype
  lc_messages lc_monetary lc_numeric lc_time max_identifier_length max_index_keys search_path
  server_encoding server_version server_version_num session_authorization standard_conforming_strings
  timezone_abbreviations
`),
]);

/** The judgement reads UTF-8; a client may not make the server read something else. */
export const ENCODINGS: ReadonlySet<string> = new Set(['utf8', 'utf-8', 'unicode']);
