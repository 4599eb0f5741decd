/**
 * Error and notice texts of statements that read masked columns. A backend quotes data in them: cast errors
 * quote the value, constraint errors the row, RAISE whatever it likes. What leaves is an allowlist of fields, and
 * a message only where it cannot quote data.
 */
import type { ReportFields } from '../codec/backend-messages.js';

/** severity, SQLSTATE, position, schema, table, column, type, constraint, routine: names, never values */
const KEPT = new Set(['S', 'V', 'C', 'P', 's', 't', 'c', 'd', 'n', 'R']);

/**
 * Classes whose messages are about the session and not about data: connection, transaction state, statement
 * and cursor names, serialisation, resources, lock timeout, intervention.
 */
const PLAIN_STATES = /^(08|25|26|34|40|53|57)|^55P03/;

const WITHHELD =
  'the backend reported an error; its text is withheld because the statement reads masked columns';

export function scrubReport(fields: ReportFields): ReportFields {
  const scrubbed = new Map([...fields].filter(([letter]) => KEPT.has(letter)));
  scrubbed.set('M', tellsNoData(fields) ? (fields.get('M') ?? '') : WITHHELD);
  return scrubbed;
}

function tellsNoData(fields: ReportFields): boolean {
  const state = fields.get('C') ?? '';
  // Class 42 (syntax and names) is harmless while the statement is analysed, which its position shows; without
  // one it may be raised at run time by a cast such as `value::regclass`, and quotes the value.
  if (state.startsWith('42')) return fields.has('P') && !fields.has('W') && !fields.has('q');
  return PLAIN_STATES.test(state);
}

/** Moves the position of an error from the text that ran to the text that the client sent. */
export function mapReportPosition(
  fields: ReportFields,
  mapPosition: (position: number) => number | undefined,
): ReportFields {
  const position = Number(fields.get('P'));
  if (!fields.has('P')) return fields;
  const mapped = new Map(fields);
  const back = Number.isInteger(position) ? mapPosition(position) : undefined;
  if (back === undefined) mapped.delete('P');
  else mapped.set('P', String(back));
  return mapped;
}
