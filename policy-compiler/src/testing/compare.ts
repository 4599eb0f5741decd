/** Expected beside actual, only where they differ. */
import type { Expectation } from './cases.js';
import type { Judgement } from './judge.js';

export interface Difference {
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
}

export function compare(expect: Expectation, actual: Judgement): readonly Difference[] {
  const differences: Difference[] = [];
  const note = (what: string, expected: string, found: string): void => {
    if (expected !== found) differences.push({ what, expected, actual: found });
  };
  const rules = actual.deciding.map(({ id }) => id).sort();
  note('outcome', expect.outcome, actual.outcome);
  if (expect.code !== undefined) note('code', expect.code, actual.error?.code ?? 'none');
  if (expect.rule !== undefined && !rules.includes(expect.rule)) note('rule', expect.rule, list(rules));
  if (expect.rules !== undefined) note('rules', list([...expect.rules].sort()), list(rules));
  for (const [column, mask] of expect.masks ?? [])
    note(`mask of ${column}`, mask, actual.masks.get(column) ?? 'none');
  if (expect.rows !== undefined)
    note('rows', String(expect.rows ?? 'no limit'), String(actual.rows ?? 'no limit'));
  return differences;
}

const list = (names: readonly string[]): string => names.join(', ') || 'none';
