/** The evaluator and the reference interpreter agree: on fresh random policies, and on every seed that ever failed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeDisagreement, findDisagreement } from './differential.js';
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
