/** What the linked evaluator decides, case by case; the properties in `test/` cover the combinations. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { abi, pb, type DecisionRequest, type Outcome } from '@sluice/schemas';
import { load, requestOf, type RuleText } from './plan.test.support.js';

const accessTo = (...resources: readonly string[]): Partial<DecisionRequest> => ({
  accesses: resources.map((resource) => ({ action: 'select', resource })),
});

interface Case {
  readonly name: string;
  readonly rules: readonly RuleText[];
  readonly request?: Partial<DecisionRequest>;
  readonly outcome: Outcome;
  readonly shadow?: Outcome;
  readonly reason?: string;
  readonly unpermitted?: number;
}

const allow: RuleText = { effect: 'allow' };
const deny: RuleText = { effect: 'deny' };
const ask: RuleText = { effect: 'require_approval' };
/** Fails: the fact is not known. */
const FAILS = 'sql.estimated_rows <= 100';

const CASES: readonly Case[] = [
  { name: 'denies what no rule permits', rules: [], outcome: 'deny', reason: 'no_rule', unpermitted: 0 },
  {
    name: 'denies a request without accesses',
    rules: [allow],
    request: { accesses: [] },
    outcome: 'deny',
    reason: 'no_rule',
  },
  { name: 'allows by wildcards in every place', rules: [allow], outcome: 'allow', reason: 'allowed' },
  {
    name: 'allows names that no rule knows by wildcards alone',
    rules: [allow],
    request: { subject: '?', groups: [], connection: '?', accesses: [{ action: '?', resource: '' }] },
    outcome: 'allow',
  },
  { name: 'finds a rule by group', rules: [{ ...allow, subjects: ['group:agents'] }], outcome: 'allow' },
  { name: 'finds a rule by user', rules: [{ ...allow, subjects: ['user:alice'] }], outcome: 'allow' },
  {
    name: 'takes no user for a group of the same name',
    rules: [{ ...allow, subjects: ['group:alice', 'user:agents'] }],
    outcome: 'deny',
  },
  {
    name: 'finds a rule by the last of many groups',
    rules: [{ ...allow, subjects: ['group:g99'] }],
    request: { groups: Array.from({ length: 100 }, (_, i) => `g${i}`) },
    outcome: 'allow',
  },
  {
    name: 'keeps apart more than 64 subjects',
    rules: Array.from({ length: 130 }, (_, i): RuleText => ({
      effect: i === 65 ? 'deny' : 'allow',
      subjects: [`group:g${String(i).padStart(3, '0')}`],
    })),
    request: { groups: ['g001'] },
    outcome: 'allow',
  },
  { name: 'denies at another connection', rules: [{ ...allow, connections: ['crm-db'] }], outcome: 'deny' },
  {
    name: 'finds one connection among many',
    rules: [{ ...allow, connections: Array.from({ length: 40 }, (_, i) => `db-${i}`) }],
    request: { connection: 'db-39' },
    outcome: 'allow',
  },
  {
    name: 'denies an unknown connection that a set of many does not name',
    rules: [{ ...allow, connections: ['a', 'b', 'c'] }],
    outcome: 'deny',
  },
  { name: 'denies another action', rules: [{ ...allow, actions: ['insert'] }], outcome: 'deny' },
  {
    name: 'matches a literal resource exactly',
    rules: [{ ...allow, resources: ['public.order'] }],
    outcome: 'deny',
  },
  { name: 'matches a prefix glob', rules: [{ ...allow, resources: ['public.*'] }], outcome: 'allow' },
  { name: 'matches a suffix glob', rules: [{ ...allow, resources: ['*.orders'] }], outcome: 'allow' },
  {
    name: 'matches a glob with stars around',
    rules: [{ ...allow, resources: ['*ic.o*'] }],
    outcome: 'allow',
  },
  { name: 'anchors the end of a glob', rules: [{ ...allow, resources: ['public.*order'] }], outcome: 'deny' },
  { name: 'anchors the begin of a glob', rules: [{ ...allow, resources: ['ublic.*'] }], outcome: 'deny' },
  {
    name: 'does not let two parts of a glob overlap',
    rules: [{ ...allow, resources: ['public.ord*orders'] }],
    outcome: 'deny',
  },
  {
    name: 'compares names beyond ASCII',
    rules: [{ ...allow, resources: ['público.größe*'] }],
    request: accessTo('público.größe_😀'),
    outcome: 'allow',
  },
  { name: 'denies by one deny among allows', rules: [allow, deny], outcome: 'deny', reason: 'rule' },
  {
    name: 'denies all for a deny of one access',
    rules: [allow, { ...deny, resources: ['payroll.*'] }],
    request: accessTo('public.orders', 'payroll.salaries'),
    outcome: 'deny',
    reason: 'rule',
    unpermitted: -1,
  },
  {
    name: 'denies all for one access that nothing permits',
    rules: [{ ...allow, resources: ['public.*'] }],
    request: accessTo('public.orders', 'payroll.salaries'),
    outcome: 'deny',
    reason: 'no_rule',
    unpermitted: 1,
  },
  { name: 'asks when one rule asks', rules: [allow, ask], outcome: 'require_approval', reason: 'rule' },
  {
    name: 'asks when one of two accesses asks',
    rules: [
      { ...allow, resources: ['public.*'] },
      { ...ask, resources: ['crm.*'] },
    ],
    request: accessTo('public.orders', 'crm.calls'),
    outcome: 'require_approval',
  },
  {
    name: 'permits connect like any other action',
    rules: [{ ...allow, actions: ['connect'], resources: ['shop-db'] }],
    request: { accesses: [{ action: 'connect', resource: 'shop-db' }] },
    outcome: 'allow',
  },
  {
    name: 'tells what shadow rules would deny',
    rules: [allow, { ...deny, shadow: true }],
    outcome: 'allow',
    shadow: 'deny',
  },
  {
    name: 'tells what shadow rules would permit',
    rules: [{ ...allow, shadow: true }],
    outcome: 'deny',
    shadow: 'allow',
    unpermitted: 0,
  },
  {
    name: 'tells what shadow rules would ask',
    rules: [allow, { ...ask, shadow: true }],
    outcome: 'allow',
    shadow: 'require_approval',
  },
  {
    name: 'follows a condition that holds',
    rules: [{ ...allow, when: FAILS }],
    request: { facts: { 'sql.estimated_rows': 100n } },
    outcome: 'allow',
  },
  {
    name: 'follows a condition that does not hold',
    rules: [{ ...allow, when: FAILS }],
    request: { facts: { 'sql.estimated_rows': 101n } },
    outcome: 'deny',
  },
  {
    name: 'takes a failed condition for false in allow',
    rules: [{ ...allow, when: FAILS }],
    outcome: 'deny',
    reason: 'no_rule',
  },
  {
    name: 'takes a failed condition for true in deny',
    rules: [allow, { ...deny, when: FAILS }],
    outcome: 'deny',
    reason: 'rule',
  },
  {
    name: 'takes a failed condition for true in require_approval',
    rules: [allow, { ...ask, when: FAILS }],
    outcome: 'require_approval',
  },
  {
    name: 'takes a fact of a wrong type for unknown',
    rules: [{ ...allow, when: FAILS }],
    request: { facts: { 'sql.estimated_rows': '1' } },
    outcome: 'deny',
  },
  {
    name: 'takes an int beyond 64 bits for unknown',
    rules: [{ ...allow, when: FAILS }],
    request: { facts: { 'sql.estimated_rows': -(2n ** 64n) } },
    outcome: 'deny',
  },
  {
    name: 'reads long texts',
    rules: [{ ...allow, when: 'session.intent.endsWith("end")' }],
    request: { facts: { 'session.intent': `${'long '.repeat(1000)}end` } },
    outcome: 'allow',
  },
  {
    name: 'reads lists of texts',
    rules: [{ ...allow, when: '"ops" in principal.groups' }],
    request: { facts: { 'principal.groups': ['dev', 'ops'] } },
    outcome: 'allow',
  },
];

describe('the linked evaluator', () => {
  for (const { name, rules, request, outcome, shadow = outcome, reason, unpermitted } of CASES) {
    test(name, () => {
      const decision = load(rules).decide(requestOf(request));
      assert.equal(decision.outcome, outcome);
      assert.equal(decision.shadowOutcome, shadow);
      if (reason !== undefined) assert.equal(decision.reason, reason);
      if (unpermitted !== undefined) assert.equal(decision.unpermitted, unpermitted);
    });
  }

  test('reports every match once, by rule and target', () => {
    const rules: readonly RuleText[] = [
      {
        effect: 'allow',
        subjects: ['group:a', 'group:b', 'user:alice'],
        actions: ['select', '*'],
        resources: ['public.*', 'public.orders'],
      },
      { effect: 'mask', columns: ['public.orders.note'] },
      { effect: 'deny', shadow: true, when: FAILS },
    ];
    const request = requestOf({
      groups: ['b', 'a'],
      ...accessTo('public.orders', 'public.orders'),
      columns: ['x.y.z', 'public.orders.note'],
    });
    assert.deepEqual(load(rules).decide(request).matches, [
      { rule: 0, target: 0, failed: false },
      { rule: 0, target: 1, failed: false },
      { rule: 1, target: 1, failed: false },
      { rule: 2, target: 0, failed: true },
      { rule: 2, target: 1, failed: true },
    ]);
  });

  test('lets the strictest enforced mask of a column win', () => {
    const rules: readonly RuleText[] = [
      { effect: 'mask', mask: pb.Mask.PARTIAL, columns: ['*.email'] },
      { effect: 'mask', mask: pb.Mask.NULL, columns: ['public.customers.*'], when: FAILS },
      { effect: 'mask', mask: pb.Mask.REDACT, columns: ['*'], shadow: true },
      allow,
    ];
    const columns = ['public.orders.note', 'public.customers.email', 'crm.calls.email'];
    const { masks, matches } = load(rules).decide(requestOf({ columns }));
    assert.deepEqual(
      [...masks],
      [
        [1, 'null'],
        [2, 'partial'],
      ],
    );
    assert.equal(matches.filter(({ rule }) => rule === 2).length, 3);
  });

  test('answers the same whatever was asked before', () => {
    const policy = load([
      { ...allow, subjects: ['group:a'] },
      { effect: 'mask', columns: ['t.c'], subjects: ['group:a'] },
    ]);
    const first = requestOf({ groups: ['a'], columns: ['t.c'] });
    const second = requestOf({ groups: ['b'], columns: ['t.c'] });
    for (let i = 0; i < 3; i++) {
      assert.equal(policy.decide(first).outcome, 'allow');
      assert.equal(policy.decide(first).masks.size, 1);
      assert.equal(policy.decide(second).outcome, 'deny');
      assert.equal(policy.decide(second).masks.size, 0);
    }
  });

  test('keeps sequences of groups apart that join to the same text', () => {
    const policy = load([{ ...allow, subjects: ['group:a\0b'] }]);
    assert.equal(policy.decide(requestOf({ groups: ['a', 'b'] })).outcome, 'deny');
    assert.equal(policy.decide(requestOf({ groups: ['a\0b'] })).outcome, 'allow');
  });

  test('denies a request with more than 1,024 matches, and not one with as many', () => {
    const policy = load([allow, allow]);
    const wide = (accesses: number) =>
      requestOf(accessTo(...Array.from({ length: accesses }, (_, i) => `t${i}`)));
    assert.equal(policy.decide(wide(512)).outcome, 'allow');
    assert.equal(policy.decide(wide(512)).matches.length, abi.MAX_MATCHES);
    assert.equal(policy.decide(wide(513)).reason, 'too_many_matches');
    assert.equal(policy.decide(requestOf()).outcome, 'allow');
  });

  test('denies names and numbers of things beyond their caps', () => {
    const policy = load([allow]);
    const long = 'x'.repeat(abi.MAX_NAME_BYTES + 1);
    const beyond: readonly Partial<DecisionRequest>[] = [
      { subject: long },
      { groups: [long] },
      { groups: Array.from({ length: abi.MAX_GROUPS + 1 }, (_, i) => `g${i}`) },
      { connection: long },
      accessTo(long),
      accessTo(...Array.from({ length: abi.MAX_ACCESSES + 1 }, () => 't')),
      { columns: Array.from({ length: abi.MAX_COLUMNS + 1 }, () => 't.c') },
    ];
    for (const request of beyond) {
      assert.equal(policy.decide(requestOf(request)).outcome, 'deny');
      assert.equal(policy.decide(requestOf()).outcome, 'allow');
    }
  });

  test('denies when its fuel is spent, and goes on', () => {
    const policy = load([allow, { ...deny, when: 'session.intent.contains("zzzy")' }], { fuel: 2000 });
    const heavy = requestOf({ facts: { 'session.intent': 'z'.repeat(100_000) } });
    assert.equal(policy.decide(heavy).reason, 'evaluator_failed');
    assert.equal(policy.decide(requestOf({ facts: { 'session.intent': 'fine' } })).outcome, 'allow');
  });

  test('forgets what it interned when there is too much of it, and goes on', () => {
    const policy = load([{ ...allow, subjects: ['group:agents'], resources: ['public.*'] }]);
    const principal = policy.internPrincipal('alice', ['agents']);
    const shape = policy.internShape('shop-db', [{ action: 'select', resource: 'public.orders' }], []);
    for (let i = 0; i < 30_000; i++) {
      const resources = [1, 2, 3, 4].map((part) => `public.t${i}_${part}`);
      const { outcome } = policy.decide(requestOf(accessTo(...resources)));
      if (outcome !== 'allow') assert.fail(`request ${i} is ${outcome}`);
    }
    assert.equal(policy.decideInterned(principal, shape, {}).outcome, 'allow');
    assert.equal(policy.outcomeOf(principal, shape, {}), abi.OUTCOME_ALLOW);
  });

  test('takes nothing from a principal that was interned by another policy', () => {
    const open = load([{ ...allow, subjects: ['group:a', 'group:agents'] }]);
    const closed = load([
      { ...allow, subjects: ['group:a'] },
      { ...deny, subjects: ['group:agents'] },
    ]);
    const principal = open.internPrincipal('alice', ['agents']);
    const shape = open.internShape('shop-db', [{ action: 'select', resource: 't' }], []);
    assert.equal(open.decideInterned(principal, shape, {}).outcome, 'allow');
    assert.equal(closed.decideInterned(principal, shape, {}).outcome, 'deny');
    assert.equal(open.decideInterned(principal, shape, {}).outcome, 'allow');
  });

  test('names the facts its conditions read', () => {
    const policy = load([{ ...allow, when: 'sql.has_where && request.hour < 18' }]);
    assert.deepEqual([...policy.facts], ['request.hour', 'sql.has_where']);
  });
});
