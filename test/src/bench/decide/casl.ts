/** Peer: casl, with the ability of each principal built beforehand from the rules of its groups. */
import { createMongoAbility, type MongoAbility } from '@casl/ability';
import type { DecisionRequest, Facts } from '@sluice/schemas';
import { everyAccess, requestAt, type MakeContender } from './contender.js';
import type { BenchCondition, BenchRule } from './workload.js';

/** What casl calls a subject: the resource with everything that conditions look at. */
interface Asked {
  readonly resource: string;
  readonly [fact: string]: unknown;
}

/** Any one of these suffices: casl has no `or` inside a rule, so each becomes a rule. */
function alternativesOf(condition: BenchCondition): readonly Record<string, unknown>[] {
  switch (condition.kind) {
    case 'rows':
      return [{ rows: { $lte: condition.most } }];
    case 'hours':
      return [{ hour: { $gte: condition.from, $lt: condition.to } }];
    case 'where':
      return [{ where: true }];
    case 'intent':
      return [{ intent: { $regex: `^${condition.prefix}` } }];
    case 'select_or_rows':
      break;
  }
  return [{ kind: 'select' }, { rows: { $lt: condition.below } }];
}

/** Later rules win in casl, so denials come last. */
function abilityOf(rules: readonly BenchRule[]): MongoAbility {
  const ordered = [...rules.filter(({ deny }) => !deny), ...rules.filter(({ deny }) => deny)];
  return createMongoAbility(
    ordered.flatMap((rule) =>
      (rule.condition ? alternativesOf(rule.condition) : [{}]).map((conditions) => ({
        action: [...rule.actions],
        subject: [...rule.resources],
        inverted: rule.deny,
        conditions: { connection: { $in: [...rule.connections] }, ...conditions },
      })),
    ),
    { detectSubjectType: (asked) => (asked as unknown as Asked).resource },
  );
}

function askedOf(resource: string, { connection, facts }: DecisionRequest): Asked {
  return {
    resource,
    connection,
    rows: numberOf(facts, 'sql.estimated_rows'),
    hour: numberOf(facts, 'request.hour'),
    where: facts['sql.has_where'],
    intent: facts['session.intent'],
    kind: facts['sql.kind'],
  };
}

function numberOf(facts: Facts, name: string): number {
  const value = facts[name];
  return typeof value === 'bigint' ? Number(value) : NaN;
}

export const casl: MakeContender = (workload) => {
  const byGroup = new Map<string, BenchRule[]>();
  for (const rule of workload.rules) {
    for (const group of rule.groups) byGroup.set(group, [...(byGroup.get(group) ?? []), rule]);
  }
  const abilities = workload.requests.map(({ groups }) =>
    abilityOf([...new Set(groups.flatMap((group) => byGroup.get(group) ?? []))]),
  );
  return {
    name: 'casl',
    allows(index) {
      const request = requestAt(workload, index);
      const ability = abilities[index];
      if (ability === undefined) throw new RangeError(`no ability ${index}`);
      return everyAccess(request, (action, resource) => ability.can(action, askedOf(resource, request)));
    },
  };
};
