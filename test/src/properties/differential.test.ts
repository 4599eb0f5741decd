/** The evaluator and the reference interpreter agree: on fresh random policies, and on every seed that ever failed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileCondition, referenceDecider } from '@sluice/policy-compiler';
import { pb } from '@sluice/schemas';
import { describeDisagreement, findDisagreement, loadEvaluator } from './differential.js';
import { buildPolicy, type RuleSpec } from './random-plan.js';
import { seedOfRun } from './random.js';

const PAIRS = 200_000;

/** Seeds that once found a disagreement, with the pairs needed to find it. */
const CASES: readonly { readonly seed: number; readonly pairs: number }[] = [{ seed: 1, pairs: 2_000 }];

for (const { seed, pairs } of CASES) {
  test(`evaluator and reference agree on seed ${seed}`, () => {
    const found = findDisagreement({ seed, pairs });
    assert.equal(found && describeDisagreement(found), undefined);
  });
}

test(`evaluator and reference agree on ${PAIRS} fresh pairs of policy and request`, () => {
  const found = findDisagreement({ seed: seedOfRun(), pairs: PAIRS });
  assert.equal(found && describeDisagreement(found), undefined);
});

test('more fresh names and texts than the evaluator keeps change no decision', () => {
  const compiled = compileCondition("session.intent.endsWith('7')", ['postgres']);
  assert.ok(compiled.ok);
  const rule: RuleSpec = {
    id: 'p/read',
    effect: 'allow',
    shadow: false,
    subjects: ['user:u1', 'group:g3'],
    connections: ['db'],
    actions: ['select'],
    resources: ['public.*5', 'public.t11'],
    columns: [],
    mask: pb.Mask.UNSPECIFIED,
    condition: compiled.value,
    rows: undefined,
  };
  const policy = buildPolicy([rule]);
  const [reference, evaluator] = [referenceDecider(policy.plan), loadEvaluator(policy)];
  const outcomes = new Set<string>();
  for (let i = 0; i < 40_000; i++) {
    const request = {
      subject: `u${i % 3}`,
      groups: [`g${i % 5}`, `fresh${i}`],
      connection: 'db',
      accesses: [
        { action: 'select', resource: `public.t${i % 13}5` },
        { action: 'select', resource: `public.u${i}5` },
      ],
      columns: [`public.t.c${i}`],
      facts: { 'session.intent': `ticket ${i % 11} ${i * 7}` },
    };
    const expected = reference.decide(request);
    outcomes.add(expected.outcome);
    assert.deepEqual(evaluator.decide(request), expected, `request ${i}`);
  }
  assert.deepEqual([...outcomes].sort(), ['allow', 'deny']);
});
