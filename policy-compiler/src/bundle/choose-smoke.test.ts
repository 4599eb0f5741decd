import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision, Outcome } from '@sluice/schemas';
import { smokeFrom, type DecidedRequest } from './choose-smoke.js';

function decided(subject: string, outcome: Outcome, rules: readonly number[]): DecidedRequest {
  const decision: Decision = {
    outcome,
    shadowOutcome: outcome,
    reason: outcome === 'allow' ? 'allowed' : 'rule',
    unpermitted: -1,
    matches: rules.map((rule) => ({ rule, target: 0, failed: false })),
    masks: new Map([[1, 'redact' as const]]),
  };
  const request = {
    subject,
    groups: [],
    connection: 'shop-db',
    accesses: [],
    columns: ['a.b.c', 'a.b.d'],
    facts: {},
  };
  return { request, decision };
}

const subjects = (chosen: ReturnType<typeof smokeFrom>): string[] =>
  chosen.map(({ request }) => request.subject);

test('writes down the outcome and the masks by the name of the column', () => {
  const [smoke] = smokeFrom([decided('ann', 'deny', [2])]);
  assert.deepEqual(smoke?.expect, { outcome: 'deny', masks: { 'a.b.d': 'redact' } });
});

test('prefers requests that meet what no other has met', () => {
  const many = Array.from({ length: 5 }, (_, index) => decided(`same${index}`, 'allow', [0]));
  const all = [...many, decided('denied', 'deny', [1]), decided('third', 'allow', [2])];
  assert.deepEqual(subjects(smokeFrom(all, 3)), ['same0', 'denied', 'third']);
  assert.equal(smokeFrom(all).length, 7);
});

test('keeps to its limit', () => {
  const all = Array.from({ length: 500 }, (_, index) => decided(`s${index}`, 'allow', [index]));
  assert.equal(smokeFrom(all).length, 64);
});
