/** What no masking subquery can make sound is refused here, with the reason. */
import { SYSTEM_COLUMNS } from './allow/relations.js';
import { columnNamed } from './catalog-index.js';
import type { Relation } from './catalog.js';
import { canonicalName } from './identifier.js';
import type { MaskAnswers } from './masks.js';
import { namesOf } from './relation-names.js';
import { unprovable } from './refusal.js';
import type { Findings, Reference, RelationUse, StatementFinding } from './walk/findings.js';

export function proveMasks(findings: Findings, masks: MaskAnswers): void {
  for (const { relation, mode } of findings.uses) {
    const found = masks.get(relation);
    if (found === undefined) continue;
    const name = namesOf(relation).canonical;
    if (found.hidden !== undefined && mode !== 'named') {
      unprovable(`view \`${name}\` reads the masked column \`${found.hidden}\``);
    }
    if (found.columns.size === 0) continue;
    if (mode === 'changed')
      unprovable(`\`${name}\` has masked columns, so its definition may not be changed`);
    if (mode === 'copied') {
      unprovable(
        `\`${name}\` has masked columns: use COPY (SELECT ...) TO STDOUT in place of COPY of the table`,
      );
    }
  }
  for (const [number, statement] of findings.statements.entries()) {
    proveStatement(findings, statement, number, masks);
  }
}

function proveStatement(
  findings: Findings,
  statement: StatementFinding,
  number: number,
  masks: MaskAnswers,
): void {
  const masked = findings.uses.filter(
    ({ statement: at, relation, mode }) =>
      at === number && mode !== 'named' && (masks.get(relation)?.columns.size ?? 0) > 0,
  );
  if (masked.length === 0) return;
  const references = findings.references.filter((reference) => reference.statement === number);
  for (const reference of references) proveNoSystemColumn(reference, masks);
  if (!statement.writes) return;
  proveArbiters(statement, masked, masks);
  const names = new Set(masked.flatMap(({ relation }) => [...(masks.get(relation)?.columns.keys() ?? [])]));
  const rows = new Set([...masked.map(({ label }) => label), 'old', 'new']);
  for (const reference of references) proveNotRead(reference, names, rows, masked, masks);
}

/** ctid and its kin do not exist in a subquery; another table's may be meant, which nobody can tell here. */
function proveNoSystemColumn(reference: Reference, masks: MaskAnswers): void {
  const name = reference.names.at(-1);
  if (reference.star || name === undefined || !SYSTEM_COLUMNS.has(name)) return;
  if (isPlain(reference, masks)) return;
  unprovable(`the system column \`${name}\` cannot be read where a table has masked columns`);
}

function proveArbiters(
  { arbiters, opaqueArbiter }: StatementFinding,
  masked: readonly RelationUse[],
  masks: MaskAnswers,
): void {
  const targets = masked.filter(({ mode }) => mode === 'target');
  if (opaqueArbiter && targets.length > 0) unprovable('ON CONFLICT ON CONSTRAINT could read a masked column');
  for (const { relation } of targets) {
    const column = arbiters.find((name) => masks.get(relation)?.columns.has(name));
    if (column !== undefined) unprovable(`ON CONFLICT reads the masked column \`${column}\``);
  }
}

/**
 * A statement that writes may not mention a masked column at all: from its target it would read the true value,
 * from elsewhere it would write the mask into a table.
 */
function proveNotRead(
  reference: Reference,
  names: ReadonlySet<string>,
  rows: ReadonlySet<string>,
  masked: readonly RelationUse[],
  masks: MaskAnswers,
): void {
  if (isPlain(reference, masks) || isProposed(reference, masked)) return;
  const name = reference.names.at(-1) ?? '';
  if (reference.star)
    unprovable('a statement that changes rows may not use `*` where a table has masked columns');
  const calls = reference.items.find(({ relation }) => relation && isHidden(relation, name, masks));
  if (calls && reference.names.length > 1) {
    unprovable(`\`${canonicalName(...reference.names)}\` could pass a row with masked columns to a function`);
  }
  if (names.has(name)) unprovable(`a statement that changes rows may not read the masked column \`${name}\``);
  if (reference.names.length === 1 && rows.has(name)) {
    unprovable(`a statement that changes rows may not read \`${name}\` whole: it has masked columns`);
  }
}

/** `row.name` that is no column calls the function `name` with the whole row. */
const isHidden = (relation: Relation, name: string, masks: MaskAnswers): boolean =>
  (masks.get(relation)?.columns.size ?? 0) > 0 && columnNamed(relation, name) === undefined;

/** Qualified by something that can only be a relation without masks. */
const isPlain = ({ items }: Reference, masks: MaskAnswers): boolean =>
  items.length > 0 &&
  items.every(({ relation }) => relation !== undefined && (masks.get(relation)?.columns.size ?? 0) === 0);

/** `excluded.column`: the value that this statement itself proposed. */
const isProposed = ({ names, star, items }: Reference, masked: readonly RelationUse[]): boolean =>
  !star &&
  names.length === 2 &&
  names[0] === 'excluded' &&
  items.length === 1 &&
  masked.every(({ label }) => label !== 'excluded');
