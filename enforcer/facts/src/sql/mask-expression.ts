/**
 * What stands in the place of a masked column: an expression of the same type, so that results keep their types.
 * Everything in it is qualified by pg_catalog. Only `partial` and `generalize` read the value at all:
 *
 * - `redact`: text becomes `[redacted]` (cut to the length of the type), anything else NULL.
 * - `null`: NULL.
 * - `partial`: of an e-mail address the domain, with the first character when there are three or more before the
 *   `@`; of other text the last 4 characters when there are 8 or more, else none. The stars are always four, so
 *   the length does not show. Not text: NULL.
 * - `generalize`: a date or timestamp becomes the first of its year (in UTC); a number keeps its first digit
 *   (4711 becomes 4000, -87 becomes -80, 0.5 becomes 0); text of two or more characters keeps the first, then `…`.
 *   Anything else: NULL.
 */
import type { Mask } from '@sluice/schemas';
import type { Column } from './catalog.js';
import { quoted } from './identifier.js';
import { unprovable } from './refusal.js';

/** Expression for `column` of the row called `row`, both already quoted where needed. */
export function maskExpression(mask: Mask, column: Column, row: string): string {
  const type = typeExpression(column);
  const value = `${row}.${quoted(column.name)}`;
  switch (mask) {
    case 'null':
      return `NULL::${type}`;
    case 'redact':
      return isText(column) ? `'[redacted]'::${type}` : `NULL::${type}`;
    case 'partial':
      return isText(column) ? `(${partialText(value)})::${type}` : `NULL::${type}`;
    case 'generalize':
      return generalize(column, value, type);
    default:
      return unprovable(`mask \`${mask}\` cannot be made by rewriting`);
  }
}

const isText = ({ type }: Column): boolean =>
  /^(text|character varying(\(\d+\))?|character(\(\d+\))?|bpchar)$/.test(type);

const NUMBER = /^(smallint|integer|bigint|numeric(\(\d+,-?\d+\))?|real|double precision)$/;

/** Type names of the grammar, which cannot be qualified and mean pg_catalog whatever the search path. */
const GRAMMAR_TYPE =
  /^(bigint|integer|smallint|boolean|real|double precision|numeric(\(\d+,-?\d+\))?|character varying(\(\d+\))?|character(\(\d+\))?|bit varying(\(\d+\))?|bit(\(\d+\))?|time(\(\d\))? with(out)? time zone|timestamp(\(\d\))? with(out)? time zone|interval( [a-z ]+)?(\(\d\))?)(\[\])*$/;

const PART = '(?:"(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)';
const MODIFIER = '(?:\\([A-Za-z0-9_, -]+\\))?(?:\\[\\])*';
const BUILT_IN = new RegExp(`^${PART}${MODIFIER}$`);
const QUALIFIED = new RegExp(`^${PART}\\.${PART}${MODIFIER}$`);

/** The type as the catalog prints it, qualified; a type printed in a way we do not know is refused. */
function typeExpression({ type, name }: Column): string {
  if (GRAMMAR_TYPE.test(type) || QUALIFIED.test(type)) return type;
  if (BUILT_IN.test(type)) return `pg_catalog.${type}`;
  return unprovable(`column \`${name}\` has a type that cannot be masked: \`${type}\``);
}

const asText = (value: string): string => `${value}::pg_catalog.text`;
const op = (name: string): string => `OPERATOR(pg_catalog.${name})`;

const EMAIL = `'^[^@[:space:]]+@[A-Za-z0-9-]+([.][A-Za-z0-9-]+)+$'`;

function partialText(value: string): string {
  const text = asText(value);
  const at = `pg_catalog.strpos(${text}, '@')`;
  const first = `CASE WHEN ${at} ${op('>')} 3 THEN pg_catalog."left"(${text}, 1) ELSE '' END`;
  const domain = `pg_catalog.substr(${text}, ${at})`;
  return (
    `CASE WHEN ${text} IS NULL THEN NULL` +
    ` WHEN ${text} ${op('~')} ${EMAIL} THEN (${first}) ${op('||')} '****' ${op('||')} ${domain}` +
    ` WHEN pg_catalog.length(${text}) ${op('>=')} 8 THEN '****' ${op('||')} pg_catalog."right"(${text}, 4)` +
    ` ELSE '****' END`
  );
}

function generalize(column: Column, value: string, type: string): string {
  if (isText(column)) return `(${generalText(value)})::${type}`;
  if (NUMBER.test(column.type)) return `(${generalNumber(value)})::${type}`;
  if (column.type === 'date') {
    return `pg_catalog.date_trunc('year', ${value}::timestamp without time zone)::${type}`;
  }
  if (/^timestamp(\(\d\))? without time zone$/.test(column.type)) {
    return `pg_catalog.date_trunc('year', ${value})::${type}`;
  }
  // In UTC: a year that began at the reader's own midnight would show the time by moving the zone.
  if (/^timestamp(\(\d\))? with time zone$/.test(column.type)) {
    return `pg_catalog.date_trunc('year', ${value}, 'UTC')::${type}`;
  }
  return `NULL::${type}`;
}

function generalText(value: string): string {
  const text = asText(value);
  const first = `CASE WHEN pg_catalog.length(${text}) ${op('>=')} 2 THEN pg_catalog."left"(${text}, 1) ELSE '' END`;
  return `CASE WHEN ${text} IS NULL THEN NULL ELSE (${first}) ${op('||')} '…' END`;
}

/** Cuts off all digits but the first; the number of digits is read from the text of the whole part. */
function generalNumber(value: string): string {
  const number = `${value}::numeric`;
  const whole = `pg_catalog.trunc(pg_catalog.abs(${number}))::pg_catalog.text`;
  return `pg_catalog.trunc(${number}, 1 ${op('-')} pg_catalog.length(${whole}))`;
}
