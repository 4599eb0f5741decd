/** Peer: plain closures behind a Map, as one would write it by hand. */
import type { DecisionRequest, Facts } from '@sluice/schemas';
import { requestAt, type MakeContender } from './contender.js';
import type { BenchCondition, BenchRule } from './workload.js';

type Test = (facts: Facts) => boolean;

function testOf(condition: BenchCondition): Test {
  switch (condition.kind) {
    case 'rows': {
      const most = BigInt(condition.most);
      return (facts) => bigintOf(facts, 'sql.estimated_rows') <= most;
    }
    case 'hours': {
      const from = BigInt(condition.from);
      const to = BigInt(condition.to);
      return (facts) => {
        const hour = bigintOf(facts, 'request.hour');
        return hour >= from && hour < to;
      };
    }
    case 'where':
      return (facts) => facts['sql.has_where'] === true;
    case 'intent': {
      const { prefix } = condition;
      return (facts) => stringOf(facts, 'session.intent').startsWith(prefix);
    }
    case 'select_or_rows':
      break;
  }
  const below = BigInt(condition.below);
  return (facts) => facts['sql.kind'] === 'select' || bigintOf(facts, 'sql.estimated_rows') < below;
}

function bigintOf(facts: Facts, name: string): bigint {
  const value = facts[name];
  return typeof value === 'bigint' ? value : 0n;
}

function stringOf(facts: Facts, name: string): string {
  const value = facts[name];
  return typeof value === 'string' ? value : '';
}

interface IndexedRule {
  readonly deny: boolean;
  readonly groups: ReadonlySet<string>;
  readonly connections: ReadonlySet<string>;
  readonly test: Test | undefined;
}

type Index = ReadonlyMap<string, ReadonlyMap<string, readonly IndexedRule[]>>;

/** Rules by resource, then action. */
export function indexBy<T>(
  rules: readonly BenchRule[],
  make: (rule: BenchRule) => T,
): Map<string, Map<string, T[]>> {
  const index = new Map<string, Map<string, T[]>>();
  for (const rule of rules) {
    const made = make(rule);
    for (const resource of rule.resources) {
      let byAction = index.get(resource);
      if (!byAction) index.set(resource, (byAction = new Map<string, T[]>()));
      for (const action of rule.actions) {
        const list = byAction.get(action);
        if (list) list.push(made);
        else byAction.set(action, [made]);
      }
    }
  }
  return index;
}

function allows(index: Index, { groups, connection, accesses, facts }: DecisionRequest): boolean {
  for (const { action, resource } of accesses) {
    let allowed = false;
    for (const rule of index.get(resource)?.get(action) ?? []) {
      if (allowed && !rule.deny) continue;
      if (!rule.connections.has(connection)) continue;
      if (!groups.some((group) => rule.groups.has(group))) continue;
      if (rule.test !== undefined && !rule.test(facts)) continue;
      if (rule.deny) return false;
      allowed = true;
    }
    if (!allowed) return false;
  }
  return true;
}

export const jsIndex: MakeContender = (workload) => {
  const index = indexBy(workload.rules, ({ deny, groups, connections, condition }) => ({
    deny,
    groups: new Set(groups),
    connections: new Set(connections),
    test: condition && testOf(condition),
  }));
  return { name: 'js-index', allows: (i) => allows(index, requestAt(workload, i)) };
};
