import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision, RuleInfo } from '@sluice/schemas';
import { termsOf } from './terms.js';

const base = { shadow: false, message: '', owner: '', file: 'p.yaml', line: 1, column: 1 };
const RULES: readonly RuleInfo[] = [
  { ...base, id: 'a', effect: 'allow', rows: 10 },
  { ...base, id: 'b', effect: 'allow', rows: 1000 },
  { ...base, id: 'c', effect: 'allow' },
  {
    ...base,
    id: 'd',
    effect: 'require_approval',
    rows: 5,
    approval: { approvers: ['dba'], expiresSeconds: 1 },
  },
  { ...base, id: 'e', effect: 'allow', rows: 1, shadow: true },
  { ...base, id: 'f', effect: 'allow', rate: { count: 1, windowSeconds: 1 } },
  { ...base, id: 'g', effect: 'allow', rate: { count: 60, windowSeconds: 60 }, rows: 7 },
];

const terms = (accesses: number, ...matches: [rule: string, target: number, failed?: boolean][]) => {
  const decision: Decision = {
    outcome: 'allow',
    shadowOutcome: 'allow',
    reason: 'allowed',
    unpermitted: -1,
    masks: new Map(),
    matches: matches.map(([id, target, failed = false]) => ({
      rule: RULES.findIndex((rule) => rule.id === id),
      target,
      failed,
    })),
  };
  return termsOf(decision, RULES, accesses);
};

test('the most generous rule of an access counts', () => {
  assert.equal(terms(1, ['a', 0], ['b', 0]).rows, 1000);
  assert.equal(terms(1, ['a', 0], ['c', 0]).rows, undefined);
});

test('the strictest access counts', () => {
  assert.equal(terms(2, ['a', 0], ['b', 1]).rows, 10);
  assert.equal(terms(2, ['c', 0], ['b', 1]).rows, 1000);
});

test('a rule that asks for approval sets the terms of its access', () => {
  const { rows, approvals } = terms(1, ['c', 0], ['d', 0]);
  assert.equal(rows, 5);
  assert.deepEqual(
    approvals.map((rule) => rule.id),
    ['d'],
  );
});

test('shadow rules and failed allows set no terms', () => {
  assert.equal(terms(1, ['b', 0], ['e', 0]).rows, 1000);
  assert.equal(terms(1, ['a', 0], ['b', 0, true]).rows, 10);
});

test('a rate binds only when every rule of the access has one, and once for all accesses', () => {
  assert.deepEqual(terms(1, ['c', 0], ['f', 0]).rates, []);
  const { rates } = terms(2, ['f', 0], ['g', 0], ['g', 1], ['f', 1]);
  assert.deepEqual(
    rates.map((rules) => rules.map((rule) => rule.id)),
    [['f', 'g']],
  );
});
