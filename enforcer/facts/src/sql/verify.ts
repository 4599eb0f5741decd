/**
 * The last look at a rewritten text, by other means than the rewriting: it is parsed again, and every RangeVar in
 * it must be a CTE's name, a lock's label, or a relation that was judged, fully qualified; and one with masked
 * columns may be read only as the single source of a masking subquery of ours.
 */
import { REQUEST_ERRORS } from '@sluice/schemas';
import type { CatalogIndex } from './catalog-index.js';
import type { Relation } from './catalog.js';
import type { MaskAnswers } from './masks.js';
import { parseTree } from './parser.js';
import { refuse } from './refusal.js';
import type { Findings } from './walk/findings.js';

type Node = Readonly<Record<string, unknown>>;

export function verifyRewrite(
  text: string,
  findings: Findings,
  masks: MaskAnswers,
  index: CatalogIndex,
): void {
  const parsed = parseTree(text);
  if (!parsed.ok) return broken('it does not parse');
  if (parsed.value.length !== findings.statements.length) return broken('it has other statements');
  const judged = new Set(findings.uses.map(({ relation }) => relation));
  const targets = new Set(
    findings.uses.filter(({ mode }) => mode !== 'read' && mode !== 'copied').map(({ relation }) => relation),
  );
  let sources = 0;
  const parents: Node[] = [];
  const visit = (value: unknown, key: string): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item, key);
    } else if (isNode(value)) {
      if (key === 'lockedRels') return;
      if (typeof value['relname'] === 'string') {
        const relation = resolve(value, judged, index);
        if (relation && (masks.get(relation)?.columns.size ?? 0) > 0) {
          if (isMaskingSource(value, parents)) sources++;
          else if (key !== 'relation' || !targets.has(relation)) return broken('it reads a masked relation');
        }
      }
      parents.push(value);
      for (const field of Object.keys(value)) visit(value[field], field);
      parents.pop();
    }
  };
  visit(parsed.value, '');
  const expected = findings.uses.filter(
    ({ relation, mode }) => mode === 'read' && (masks.get(relation)?.columns.size ?? 0) > 0,
  );
  if (sources !== expected.length) broken('a masked relation was not replaced');
}

function resolve(range: Node, judged: ReadonlySet<Relation>, index: CatalogIndex): Relation | undefined {
  const { schemaname, relname } = range;
  if (typeof schemaname !== 'string' || typeof relname !== 'string') return undefined;
  const relation = index.relation(schemaname, relname);
  return relation && judged.has(relation) ? relation : undefined;
}

/** The row of a masking subquery is called so, and its SELECT has no other source. */
function isMaskingSource(range: Node, parents: readonly Node[]): boolean {
  const alias = range['alias'];
  if (!isNode(alias) || alias['aliasname'] !== '_row') return false;
  const select = parents.findLast((parent) => Array.isArray(parent['fromClause']));
  const from = select?.['fromClause'];
  return Array.isArray(from) && from.length === 1 && isInside(from[0], range);
}

const isInside = (item: unknown, range: Node): boolean => {
  if (!isNode(item)) return false;
  if (item['RangeVar'] === range) return true;
  const sample = item['RangeTableSample'];
  return isNode(sample) && isNode(sample['relation']) && sample['relation']['RangeVar'] === range;
};

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function broken(why: string): never {
  return refuse(REQUEST_ERRORS.internal, `the masked statement failed its check: ${why}`);
}
