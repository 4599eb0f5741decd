import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision, DecisionRequest, Mask } from '@sluice/schemas';
import { activate, type LoadedPolicy, type PolicyLoader } from './activate.js';
import { ed25519, forge, NOW_MS, trustIn } from './forge.test.support.js';
import { verifyBundle, type VerifiedBundle } from './verify-bundle.js';

const ann = ed25519('ann');

async function goodBundle(): Promise<VerifiedBundle> {
  const verified = await verifyBundle(forge([ann]), await trustIn([ann]), { nowMs: NOW_MS });
  assert.ok(verified.ok);
  return verified.value;
}

interface Change {
  readonly outcome?: Decision['outcome'];
  readonly reason?: Decision['reason'];
  readonly masks?: ReadonlyMap<number, Mask>;
  readonly facts?: readonly string[];
}

/** A policy that answers the smoke request of the forged bundle in the expected way, but for what is changed. */
function policyThat(change: Change): {
  load: PolicyLoader;
  asked: DecisionRequest[];
} {
  const asked: DecisionRequest[] = [];
  const decide = (request: DecisionRequest): Decision => {
    asked.push(request);
    const outcome = change.outcome ?? 'allow';
    const masks = change.masks ?? new Map([[0, 'redact' as const]]);
    return {
      outcome,
      shadowOutcome: outcome,
      reason: change.reason ?? 'allowed',
      unpermitted: -1,
      matches: [],
      masks,
    };
  };
  const load: PolicyLoader = (_wasm, rules): LoadedPolicy => ({
    rules,
    facts: new Set(change.facts),
    factsFor: () => new Set(change.facts),
    decide,
  });
  return { load, asked };
}

test('activates a policy that decides the smoke requests as expected', async () => {
  const bundle = await goodBundle();
  const { load, asked } = policyThat({});
  const active = await activate(bundle, load);
  assert.ok(active.ok);
  assert.equal(active.value.bundle, bundle);
  assert.equal(asked.length, 1);
  assert.equal(asked[0]?.facts['sql.limit'], 9007199254740993n);
});

const CASES: readonly (readonly [what: string, change: Change, expected: RegExp])[] = [
  ['another outcome', { outcome: 'deny' }, /SLU3022 .*decided `deny`, expected `allow`/],
  ['an evaluator that failed', { reason: 'evaluator_failed' }, /SLU3022 the evaluator failed/],
  ['a missing mask', { masks: new Map() }, /SLU3022 .*masks ``/],
  ['a weaker mask', { masks: new Map([[0, 'partial']]) }, /SLU3022 .*partial/],
  ['a fact that the manifest does not list', { facts: ['sql.limit'] }, /SLU3019 /],
];

for (const [what, change, expected] of CASES) {
  test(`refuses a policy with ${what}`, async () => {
    const active = await activate(await goodBundle(), policyThat(change).load);
    assert.ok(!active.ok);
    assert.match(`${active.error.code} ${active.message}`, expected);
  });
}

test('refuses a module that cannot be loaded', async () => {
  const load: PolicyLoader = () => {
    throw new Error('the module imports `env.abort`');
  };
  const active = await activate(await goodBundle(), load);
  assert.ok(!active.ok);
  assert.equal(`${active.error.code} ${active.message}`, 'SLU3021 the module imports `env.abort`');
});

test('refuses a module that traps on a smoke request', async () => {
  const load: PolicyLoader = (_wasm, rules) => ({
    rules,
    facts: new Set(),
    factsFor: () => new Set(),
    decide: () => {
      throw new Error('unreachable');
    },
  });
  const active = await activate(await goodBundle(), load);
  assert.ok(!active.ok);
  assert.equal(active.error.code, 'SLU3021');
});
