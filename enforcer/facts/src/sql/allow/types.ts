/** Types of pg_catalog that values may be cast to. */
const BASE =
  `aclitem bit bool box bpchar bytea char cid cidr circle date datemultirange daterange float4 float8
  inet int2 int2vector int4 int4multirange int4range int8 int8multirange int8range interval json jsonb jsonpath
  line lseg macaddr macaddr8 money name numeric nummultirange numrange oid oidvector path pg_lsn
  pg_snapshot point polygon regclass regcollation regconfig regdictionary regnamespace regoper regoperator
  regproc regprocedure regrole regtype text tid time timestamp timestamptz timetz tsmultirange tsquery tsrange
  tstzmultirange tstzrange tsvector uuid varbit varchar xid xid8 xml`
    .trim()
    .split(/\s+/);

export const SAFE_TYPES: ReadonlySet<string> = new Set([...BASE, ...BASE.map((type) => `_${type}`)]);
