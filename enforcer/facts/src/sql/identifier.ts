/** Identifiers: how PostgreSQL spells them canonically (as `quote_ident` does), and how we write them safely. */

/** Every keyword that is not unreserved: `quote_ident` quotes these. */
const KEYWORDS: ReadonlySet<string> = new Set(
  `
all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean 
both case cast char character check coalesce collate collation column concurrently constraint create 
cross current_catalog current_date current_role current_schema current_time current_timestamp 
current_user dec decimal default deferrable desc distinct do else end except exists extract false fetch 
float for foreign freeze from full grant greatest group grouping having ilike in initially inner inout 
int integer intersect interval into is isnull join json_array json_arrayagg json_object json_objectagg 
lateral leading least left like limit localtime localtimestamp national natural nchar none normalize 
not notnull null nullif numeric offset on only or order out outer overlaps overlay placing position 
precision primary real references returning right row select session_user setof similar smallint some 
substring symmetric system_user table tablesample then time timestamp to trailing treat trim true union 
unique user using values varchar variadic verbose when where window with xmlattributes xmlconcat 
xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable json json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar
json_serialize json_table json_value merge_action
`
    .trim()
    .split(/\s+/),
);

/** `name` in double quotes: means exactly this name wherever it stands. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** One part of a canonical name: quoted only where PostgreSQL would have to. */
export const canonicalPart = (name: string): string =>
  /^[a-z_][a-z0-9_]*$/.test(name) && !KEYWORDS.has(name) ? name : quoted(name);

/** `schema.name` or `schema.table.column`. */
export const canonicalName = (...parts: readonly string[]): string => parts.map(canonicalPart).join('.');

/** The parts of a canonical name, or undefined when it is not one. */
export function splitCanonical(name: string): readonly string[] | undefined {
  const parts: string[] = [];
  const part = /(?:"((?:[^"]|"")+)"|([^".]+))(\.|$)/y;
  while (part.lastIndex < name.length) {
    const match = part.exec(name);
    if (match === null) return undefined;
    parts.push(match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll('""', '"'));
    if (match[3] === '') return parts;
  }
  return undefined;
}
