/** Policies of many rules link fast and decide right, also when all rules speak of one resource. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadPolicy } from '@sluice/engine';
import { SluiceError } from '@sluice/schemas';
import { link } from './link.js';
import { infosOf, planOf, requestOf, type RuleText } from './plan.test.support.js';

/** Wall-clock bound with room for a busy machine; alone it takes a tenth of it. */
const LINK_10_000_MS = 2000;

function spread(rules: number): readonly RuleText[] {
  return Array.from({ length: rules }, (_, i) => ({
    effect: 'allow',
    subjects: [`group:g${i % 997}`, `group:h${i % 89}`],
    connections: ['shop-db', 'crm-db'],
    actions: ['select', 'update'],
    resources: [`public.t${i}`, `audit.t${i}`],
  }));
}

test('links 10,000 rules fast', () => {
  const plan = planOf(spread(10_000));
  const started = performance.now();
  const wasm = link(plan);
  const linkMs = performance.now() - started;
  assert.ok(linkMs < LINK_10_000_MS, `linking took ${Math.round(linkMs)} ms`);
  const policy = loadPolicy(wasm, infosOf(plan));
  const asked = { groups: ['g3'], accesses: [{ action: 'update', resource: 'audit.t1000' }] };
  assert.equal(policy.decide(requestOf(asked)).outcome, 'allow');
  assert.equal(policy.decide(requestOf({ ...asked, groups: ['g4'] })).outcome, 'deny');
});

test('finds one of 100,000 rules that all speak of one resource', () => {
  const rules = Array.from({ length: 100_000 }, (_, i): RuleText => ({
    effect: 'allow',
    subjects: [`group:g${i}`],
    connections: ['shop-db'],
    actions: ['select'],
    resources: ['public.orders'],
  }));
  const plan = planOf(rules);
  const policy = loadPolicy(link(plan), infosOf(plan), { fuel: 1000 });
  const groups = Array.from({ length: 10 }, (_, i) => `other-${i}`);
  const { outcome, matches } = policy.decide(requestOf({ groups: [...groups, 'g77777'] }));
  // The fuel is enough for the subjects of the principal, not for the rules.
  assert.equal(outcome, 'allow');
  assert.deepEqual(matches, [{ rule: 77_777, target: 0, failed: false }]);
  assert.equal(policy.decide(requestOf({ groups })).reason, 'no_rule');
});

test('links the same plan to the same bytes', () => {
  const plan = planOf(spread(500));
  assert.deepEqual(Buffer.from(link(plan)), Buffer.from(link(plan)));
});

test('refuses policies that are too large for one module', () => {
  const names = (prefix: string): string[] => Array.from({ length: 3000 }, (_, i) => `${prefix}${i}`);
  const resources = names('t');
  const subjects = names('group:g');
  const plan = planOf([
    { effect: 'allow', subjects, resources },
    ...resources.map((resource): RuleText => ({ effect: 'deny', subjects, resources: [resource] })),
  ]);
  assert.throws(
    () => link(plan),
    (error) => error instanceof SluiceError && error.code === 'SLU3108',
  );
});
