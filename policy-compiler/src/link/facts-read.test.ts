/** A decision reads the facts of its own request alone, of which only those that its rules can read are written. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, requestOf, type RuleText } from './plan.test.support.js';

const orders = [{ action: 'select', resource: 'public.orders' }];
const customers = [{ action: 'select', resource: 'public.customers' }];
const RULES: readonly RuleText[] = [
  { effect: 'allow', resources: ['public.orders'], when: 'sql.estimated_rows <= 100' },
  { effect: 'allow', resources: ['public.customers'], when: 'session.intent == "audit"' },
];

test('each shape is decided by the facts that its own rules read', () => {
  const policy = load(RULES);
  const decide = (accesses: typeof orders, facts: object): string =>
    policy.decide(requestOf({ accesses, facts: { ...facts } })).outcome;
  const facts = { 'sql.estimated_rows': 7n, 'session.intent': 'audit' };
  assert.equal(decide(orders, facts), 'allow');
  assert.equal(decide(customers, facts), 'allow');
  assert.equal(decide([...orders, ...customers], facts), 'allow');
  assert.equal(decide([...orders, ...customers], { 'sql.estimated_rows': 7n }), 'deny');
});

test('a fact of an earlier request is not there for a later one', () => {
  const policy = load(RULES);
  const asked = requestOf({ accesses: orders, facts: { 'sql.estimated_rows': 7n } });
  assert.equal(policy.decide(asked).outcome, 'allow');
  assert.equal(policy.decide({ ...asked, accesses: customers, facts: {} }).outcome, 'deny');
  assert.equal(policy.decide({ ...asked, facts: {} }).outcome, 'deny');
});

test('a list too long to look through reads every fact', () => {
  const many = Array.from({ length: 200 }, (_, i): RuleText => {
    const when = `sql.estimated_rows == ${1000 + i}`;
    return { effect: 'allow', resources: ['public.orders'], when };
  });
  const policy = load([...many, ...RULES]);
  const facts = { 'sql.estimated_rows': 1199n };
  assert.equal(policy.decide(requestOf({ accesses: orders, facts })).outcome, 'allow');
});

test('has() of a fact that is given is true though nothing else reads it', () => {
  const policy = load([{ effect: 'allow', when: 'has(sql.limit)' }]);
  const decide = (facts: object): string =>
    policy.decide(requestOf({ accesses: orders, facts: { ...facts } })).outcome;
  assert.deepEqual([decide({ 'sql.limit': 1n }), decide({})], ['allow', 'deny']);
});

test('says which facts a shape can read', () => {
  const policy = load(RULES);
  const read = (resource: string): string[] => [
    ...policy.factsFor('shop-db', [{ action: 'select', resource }], []),
  ];
  assert.deepEqual(read('public.orders'), ['sql.estimated_rows']);
  assert.deepEqual(read('public.customers'), ['session.intent']);
  assert.deepEqual(read('public.products'), []);
});
