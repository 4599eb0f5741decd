/**
 * Writes the text that is sent in place of the client's: every relation with masked columns becomes a subquery
 * that shows them masked, every other name is pinned to the relation or function that was judged. The result is
 * parsed again and looked through before it may be used.
 *
 * Two things of a table a subquery has not: system columns, refused in `prove.ts`, and the primary key that lets
 * GROUP BY leave columns out; a statement that leans on it is refused by the server itself.
 */
import type { Mask } from '@sluice/schemas';
import { fromBytes } from './byte-text.js';
import { quoted } from './identifier.js';
import { maskExpression } from './mask-expression.js';
import type { MaskAnswers } from './masks.js';
import type { Relation } from './catalog.js';
import { namesOf } from './relation-names.js';
import { splice, type Spliced } from './splice.js';
import type { Tokens } from './tokens.js';
import type { Edit, Findings, RelationUse } from './walk/findings.js';

/** The row inside a masking subquery. */
const ROW = '"_row"';

export function rewriteText(findings: Findings, masks: MaskAnswers, tokens: Tokens): Spliced {
  const edits: Edit[] = [...findings.pins];
  for (const use of findings.uses) edits.push(...editsOf(use, masks.get(use.relation)?.columns, tokens));
  for (const { schema, table, extent } of findings.qualified) {
    const masked = [...masks].some(
      ([relation, { columns }]) =>
        columns.size > 0 &&
        relation.schema === schema &&
        relation.name === table &&
        isRead(findings, relation),
    );
    // The subquery is called like the table, so `schema.table.column` becomes `table.column`.
    if (masked) edits.push({ ...extent, text: '' });
  }
  return splice(tokens.bytes, edits);
}

const isRead = (findings: Findings, relation: Relation): boolean =>
  findings.uses.some((use) => use.relation === relation && use.mode === 'read');

function editsOf(
  use: RelationUse,
  columns: ReadonlyMap<string, Mask> | undefined,
  tokens: Tokens,
): readonly Edit[] {
  const { relation, name, extent, mode, sample } = use;
  if (mode !== 'read' || columns === undefined || columns.size === 0) {
    const text = tokens.apart(name, namesOf(relation).pinned);
    return [{ ...name, text }];
  }
  const label = use.aliased ? '' : ` ${quoted(relation.name)}`;
  const command = use.command ? 'SELECT * FROM ' : '';
  const clause = sample ? ` ${fromBytes(tokens.bytes.slice(sample.start, sample.end))}` : '';
  const text = tokens.apart(extent, `${command}${maskingSubquery(use, columns, clause)}${label}`);
  return sample
    ? [
        { ...extent, text },
        { ...sample, text: '' },
      ]
    : [{ ...extent, text }];
}

/** `(SELECT ... FROM [ONLY] schema.table [TABLESAMPLE ...])`, with every column in its order. */
function maskingSubquery(
  { relation, only }: RelationUse,
  columns: ReadonlyMap<string, Mask>,
  sample: string,
): string {
  const list = relation.columns.map((column) => {
    const mask = columns.get(column.name);
    const name = quoted(column.name);
    return mask === undefined ? `${ROW}.${name}` : `${maskExpression(mask, column, ROW)} AS ${name}`;
  });
  const source = `${only ? 'ONLY ' : ''}${namesOf(relation).pinned}`;
  return `(SELECT ${list.join(', ')} FROM ${source} AS ${ROW}${sample})`;
}
