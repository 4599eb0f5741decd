/**
 * Functions of pg_catalog that any request may call: they compute from their arguments, or say harmless things of
 * the schema and the session. Not here, and so refused: whatever runs SQL from a string (`query_to_xml`,
 * `ts_stat`, `ts_rewrite`), reads files, large objects or statistics, sleeps, locks, signals, notifies, changes
 * settings or sequences, or shows other sessions. A name is listed only when all functions of that name are safe.
 */
const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const AGGREGATES_AND_WINDOWS = words(`
  any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp cume_dist
  dense_rank every first_value json_agg json_agg_strict json_object_agg json_object_agg_strict
  json_object_agg_unique json_object_agg_unique_strict jsonb_agg jsonb_agg_strict jsonb_object_agg
  jsonb_object_agg_strict jsonb_object_agg_unique jsonb_object_agg_unique_strict lag last_value lead max min mode
  nth_value ntile percent_rank percentile_cont percentile_disc range_agg range_intersect_agg rank regr_avgx
  regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy row_number stddev stddev_pop
  stddev_samp string_agg sum var_pop var_samp variance xmlagg
`);

const NUMBERS = words(`
  abs acos acosd acosh asin asind asinh atan atan2 atan2d atand atanh cbrt ceil ceiling cos cosd cosh cot cotd
  degrees div erf erfc exp factorial floor gamma gcd lcm lgamma ln log log10 min_scale mod pi pow power radians
  random random_normal round scale sign sin sind sinh sqrt tan tand tanh to_bin to_hex to_oct trim_scale trunc
  width_bucket float4 float8 int2 int4 int8 numeric money generate_series
`);

const TEXTS = words(`
  ascii bit_count bit_length bpchar btrim casefold char_length character_length chr concat concat_ws convert
  convert_from convert_to crc32 crc32c decode encode format get_bit get_byte initcap is_normalized left length
  like like_escape lower lpad ltrim md5 name normalize notlike octet_length overlay parse_ident position quote_ident
  quote_literal quote_nullable regexp_count regexp_instr regexp_like regexp_match regexp_matches regexp_replace
  regexp_split_to_array regexp_split_to_table regexp_substr repeat replace reverse right rpad rtrim set_bit
  set_byte sha224 sha256 sha384 sha512 similar_escape similar_to_escape split_part starts_with string_to_array
  string_to_table strpos substr substring text to_ascii to_char to_number translate trim unicode_assigned
  unicode_version unistr upper varchar bool bit varbit textcat
`);

const TIMES = words(`
  age clock_timestamp date date_add date_bin date_part date_subtract date_trunc extract isfinite justify_days
  justify_hours justify_interval make_date make_interval make_time make_timestamp make_timestamptz now overlaps
  statement_timestamp time timeofday timestamp timestamptz timetz timezone to_date to_timestamp
  transaction_timestamp interval
`);

const DOCUMENTS = words(`
  array_to_json json json_array_elements json_array_elements_text json_array_length json_build_array
  json_build_object json_each json_each_text json_extract_path json_extract_path_text json_object
  json_object_keys json_populate_record json_populate_recordset json_strip_nulls json_to_record
  json_to_recordset json_typeof jsonb jsonb_array_elements jsonb_array_elements_text jsonb_array_length
  jsonb_build_array jsonb_build_object jsonb_concat jsonb_contained jsonb_contains jsonb_delete
  jsonb_delete_path jsonb_each jsonb_each_text jsonb_exists jsonb_exists_all jsonb_exists_any
  jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_keys jsonb_path_exists
  jsonb_path_exists_tz jsonb_path_match jsonb_path_match_tz jsonb_path_query jsonb_path_query_array
  jsonb_path_query_array_tz jsonb_path_query_first jsonb_path_query_first_tz jsonb_path_query_tz
  jsonb_populate_record jsonb_populate_recordset jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls
  jsonb_to_record jsonb_to_recordset jsonb_typeof row_to_json to_json to_jsonb xml xml_is_well_formed
  xml_is_well_formed_content xml_is_well_formed_document xmlcomment xmlconcat2 xmlexists xmltext xpath xpath_exists
`);

const ARRAYS_AND_RANGES = words(`
  array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position
  array_positions array_prepend array_remove array_replace array_reverse array_sample array_shuffle array_sort
  array_to_string array_upper cardinality generate_subscripts trim_array unnest datemultirange daterange
  int4multirange int4range int8multirange int8range isempty lower_inc lower_inf multirange nummultirange numrange
  range_merge tsmultirange tsrange tstzmultirange tstzrange upper_inc upper_inf
`);

const SEARCH = words(`
  array_to_tsvector get_current_ts_config json_to_tsvector jsonb_to_tsvector numnode phraseto_tsquery
  plainto_tsquery querytree setweight strip to_tsquery to_tsvector ts_delete ts_filter ts_headline ts_lexize
  ts_rank ts_rank_cd tsquery_phrase tsvector_to_array websearch_to_tsquery
`);

const NETWORK_AND_GEOMETRY = words(`
  abbrev broadcast cidr family host hostmask inet_merge inet_same_family macaddr macaddr8 macaddr8_set7bit masklen
  netmask network set_masklen area bound_box box center circle diameter height isclosed ishorizontal isopen
  isparallel isperp isvertical line lseg npoints path pclose point polygon popen radius slope width
`);

const IDENTIFIERS = words(`
  gen_random_uuid uuid_extract_timestamp uuid_extract_version uuidv4 uuidv7 enum_first enum_last enum_range
  num_nonnulls num_nulls pg_typeof pg_column_size pg_collation_for pg_input_is_valid
`);

/** What psql, drivers and object-relational mappers ask of the schema and the session. */
const SCHEMA_AND_SESSION = words(`
  aclexplode col_description current_database current_schema current_schemas format_type getdatabaseencoding
  has_any_column_privilege has_column_privilege has_database_privilege has_foreign_data_wrapper_privilege
  has_function_privilege has_language_privilege has_schema_privilege has_sequence_privilege has_server_privilege
  has_table_privilege has_tablespace_privilege has_type_privilege obj_description oidvectortypes pg_backend_pid
  pg_char_to_encoding pg_client_encoding pg_collation_is_visible pg_column_is_updatable pg_conversion_is_visible
  pg_database_size pg_encoding_max_length pg_encoding_to_char pg_function_is_visible pg_get_constraintdef
  pg_get_expr pg_get_function_arg_default pg_get_function_arguments pg_get_function_identity_arguments
  pg_get_function_result pg_get_function_sqlbody pg_get_functiondef pg_get_indexdef pg_get_keywords
  pg_get_partition_constraintdef pg_get_partkeydef pg_get_replica_identity_index pg_get_ruledef
  pg_get_serial_sequence pg_get_statisticsobjdef pg_get_statisticsobjdef_columns pg_get_triggerdef
  pg_get_userbyid pg_get_viewdef pg_has_role pg_index_column_has_property pg_index_has_property
  pg_indexam_has_property pg_indexes_size pg_is_in_recovery pg_is_other_temp_schema pg_my_temp_schema
  pg_opclass_is_visible pg_operator_is_visible pg_opfamily_is_visible pg_options_to_table
  pg_partition_ancestors pg_partition_root pg_partition_tree pg_postmaster_start_time
  pg_relation_is_publishable pg_relation_is_updatable pg_relation_size pg_sequence_parameters
  pg_size_bytes pg_size_pretty pg_statistics_obj_is_visible pg_table_is_visible pg_table_size
  pg_tablespace_location pg_tablespace_size pg_timezone_abbrevs pg_timezone_names pg_total_relation_size
  pg_ts_config_is_visible pg_ts_dict_is_visible pg_ts_parser_is_visible pg_ts_template_is_visible
  pg_type_is_visible row_security_active shobj_description to_regclass to_regcollation to_regnamespace
  to_regoper to_regoperator to_regproc to_regprocedure to_regrole to_regtype version
`);

export const SAFE_FUNCTIONS: ReadonlySet<string> = new Set([
  ...AGGREGATES_AND_WINDOWS,
  ...NUMBERS,
  ...TEXTS,
  ...TIMES,
  ...DOCUMENTS,
  ...ARRAYS_AND_RANGES,
  ...SEARCH,
  ...NETWORK_AND_GEOMETRY,
  ...IDENTIFIERS,
  ...SCHEMA_AND_SESSION,
]);

/** Functions outside pg_catalog that come with every database and are safe (JDBC asks for keys with this one). */
export const SAFE_QUALIFIED_FUNCTIONS: ReadonlySet<string> = new Set(['information_schema._pg_expandarray']);

/**
 * Names of result fields of the functions above that give rows: selecting such a field (`(f(x)).key`) calls no
 * function, because pg_catalog has none of these names.
 */
export const RESULT_FIELDS: ReadonlySet<string> = new Set(
  words(
    'key value ordinality n x f1 f2 f3 f4 f5 f6 f7 f8 grantor grantee privilege_type is_grantable option_name ' +
      'option_value relid parentrelid isleaf level word catcode barelabel catdesc baredesc',
  ),
);
