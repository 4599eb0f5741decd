/** The committed evaluator is what its sources say, and what the engine pins. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { inspectModule } from '@sluice/engine';
import { link } from './link.js';
import { planOf } from './plan.test.support.js';
import { prebuiltEvaluator } from './prebuilt.js';
import { rebuildEvaluator } from './rebuild.js';

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

test('the evaluator is rebuilt from its sources byte for byte', async () => {
  assert.equal(digestOf(await rebuildEvaluator()), digestOf(prebuiltEvaluator()));
});

test('the engine pins the digest of the evaluator', () => {
  const { codeDigest } = inspectModule(link(planOf([{ effect: 'allow' }])));
  assert.equal(codeDigest, digestOf(prebuiltEvaluator()));
});

test('a change of the sources changes the evaluator', async () => {
  const changed = await rebuildEvaluator((_, text) => text.replace('0b011 << 9', '0b001 << 9'));
  assert.notEqual(digestOf(changed), digestOf(prebuiltEvaluator()));
});

test('linking leaves every byte of the evaluator as it is', () => {
  const evaluator = prebuiltEvaluator();
  const wasm = link(planOf([{ effect: 'allow' }]));
  assert.deepEqual(Buffer.from(wasm.subarray(0, evaluator.length)), Buffer.from(evaluator));
});
