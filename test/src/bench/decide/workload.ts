/**
 * Rules and requests of the decide bench, in a form that every contender can be built from: allow and deny, groups,
 * connections, actions, resources, conditions over facts. The same seed gives the same workload.
 */
import type { DecisionRequest } from '@sluice/schemas';

export type BenchCondition =
  | { readonly kind: 'rows'; readonly most: number }
  | { readonly kind: 'hours'; readonly from: number; readonly to: number }
  | { readonly kind: 'where' }
  | { readonly kind: 'intent'; readonly prefix: string }
  | { readonly kind: 'select_or_rows'; readonly below: number };

export interface BenchRule {
  readonly id: string;
  readonly deny: boolean;
  readonly groups: readonly string[];
  readonly connections: readonly string[];
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly condition: BenchCondition | undefined;
}

export interface Workload {
  readonly rules: readonly BenchRule[];
  readonly requests: readonly DecisionRequest[];
}

export const CONNECTIONS: readonly string[] = ['shop-db', 'crm-db', 'billing-db', 'warehouse-db'];
const ACTIONS = ['select', 'insert', 'update', 'delete'];
const PREFIXES = ['ticket-', 'incident-', 'release-', 'audit-'];
const GROUPS_OF_A_PRINCIPAL = 10;
/** Groups there are at least: a small policy speaks of few of those that its principals are in. */
const ORGANISATION_GROUPS = 200;

type Random = (below: number) => number;

/** mulberry32. */
function randomFrom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
}

/** Four rules for each table: a handful of teams is spoken of at each. */
export function makeWorkload(rules: number, requests: number, seed: number): Workload {
  const random = randomFrom(seed);
  const tables = Array.from({ length: Math.ceil(rules / 4) }, (_, i) => `app${i % 40}.table_${i}`);
  const groups = Array.from(
    { length: Math.max(ORGANISATION_GROUPS, Math.ceil(rules / 20)) },
    (_, i) => `team-${i}`,
  );
  const made = Array.from({ length: rules }, (_, i) => makeRule(i, random, tables, groups));
  return {
    rules: made,
    requests: Array.from({ length: requests }, () => makeRequest(random, made, tables, groups)),
  };
}

function pick<T>(random: Random, from: readonly T[]): T {
  const picked = from[random(from.length)];
  if (picked === undefined) throw new RangeError('nothing to pick from');
  return picked;
}

function pickSome<T>(random: Random, from: readonly T[], most: number): readonly T[] {
  return [...new Set(Array.from({ length: 1 + random(most) }, () => pick(random, from)))];
}

function makeRule(
  index: number,
  random: Random,
  tables: readonly string[],
  groups: readonly string[],
): BenchRule {
  return {
    id: `policy-${Math.floor(index / 10)}/rule-${String(index).padStart(6, '0')}`,
    deny: random(6) === 0,
    groups: pickSome(random, groups, 3),
    connections: pickSome(random, CONNECTIONS, 3),
    actions: pickSome(random, ACTIONS, 3),
    resources: pickSome(random, tables, 2),
    condition: random(10) < 7 ? makeCondition(random) : undefined,
  };
}

function makeCondition(random: Random): BenchCondition {
  switch (random(5)) {
    case 0:
      return { kind: 'rows', most: pick(random, [1, 10, 100, 1000, 10_000]) };
    case 1:
      return { kind: 'hours', from: 6 + random(4), to: 16 + random(6) };
    case 2:
      return { kind: 'where' };
    case 3:
      return { kind: 'intent', prefix: pick(random, PREFIXES) };
    default:
      return { kind: 'select_or_rows', below: pick(random, [5, 50, 500]) };
  }
}

/** Two accesses, the first one mostly such that some rule speaks of it and of the principal. */
function makeRequest(
  random: Random,
  rules: readonly BenchRule[],
  tables: readonly string[],
  groups: readonly string[],
): DecisionRequest {
  const first = pick(random, rules);
  const second = random(3) === 0 ? pick(random, rules) : first;
  const own = Array.from({ length: GROUPS_OF_A_PRINCIPAL - 2 }, () => pick(random, groups));
  const request = {
    subject: `agent-${random(1000)}@acme.example`,
    groups: [...new Set([...own, pick(random, first.groups), pick(random, second.groups)])],
    connection: pick(random, random(8) === 0 ? CONNECTIONS : first.connections),
    accesses: [first, second].map((rule) => ({
      action: pick(random, random(8) === 0 ? ACTIONS : rule.actions),
      resource: random(16) === 0 ? pick(random, tables) : pick(random, rule.resources),
    })),
    columns: [],
  };
  // Through JSON, so that no contender gains from strings being the very same objects as those in the rules.
  const plain = JSON.parse(JSON.stringify(request)) as typeof request;
  return {
    ...plain,
    facts: {
      'principal.subject': request.subject,
      'principal.groups': request.groups,
      'principal.issuer': 'https://login.acme.example',
      'session.intent': `${pick(random, PREFIXES)}${random(10_000)} look into a complaint`,
      'session.age_seconds': BigInt(random(3600)),
      'connection.name': request.connection,
      'request.hour': BigInt(random(24)),
      'request.weekday': BigInt(1 + random(7)),
      'sql.kind': pick(random, ACTIONS),
      'sql.has_where': random(2) === 0,
      'sql.estimated_rows': BigInt(random(2000)),
    },
  };
}
