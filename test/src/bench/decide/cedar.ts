/** Peer: cedar-wasm through its stateful interface, the policies parsed beforehand. */
import { preparsePolicySet, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import type { DecisionRequest, Facts } from '@sluice/schemas';
import { everyAccess, requestAt, type MakeContender } from './contender.js';
import type { BenchCondition, BenchRule } from './workload.js';

function cedarOf(condition: BenchCondition): string {
  switch (condition.kind) {
    case 'rows':
      return `context.rows <= ${condition.most}`;
    case 'hours':
      return `context.hour >= ${condition.from} && context.hour < ${condition.to}`;
    case 'where':
      return 'context.where';
    case 'intent':
      return `context.intent like "${condition.prefix}*"`;
    case 'select_or_rows':
      break;
  }
  return `(context.kind == "select" || context.rows < ${condition.below})`;
}

const entity = (type: string, id: string): string => `${type}::"${id}"`;

/** One group or table stands in the scope, several in the condition, as Cedar has it. */
function policyOf(rule: BenchRule): string {
  const [group = ''] = rule.groups;
  const [resource = ''] = rule.resources;
  const tests = [`[${rule.connections.map((name) => `"${name}"`).join(', ')}].contains(context.connection)`];
  const groups = rule.groups.map((name) => entity('Group', name)).join(', ');
  const tables = rule.resources.map((name) => entity('Table', name)).join(', ');
  if (rule.groups.length > 1) tests.push(`principal in [${groups}]`);
  if (rule.resources.length > 1) tests.push(`resource in [${tables}]`);
  if (rule.condition) tests.push(cedarOf(rule.condition));
  const principal = rule.groups.length > 1 ? 'principal' : `principal in ${entity('Group', group)}`;
  const table = rule.resources.length > 1 ? 'resource' : `resource == ${entity('Table', resource)}`;
  const actions = rule.actions.map((name) => entity('Action', name)).join(', ');
  const effect = rule.deny ? 'forbid' : 'permit';
  return `${effect}(${principal}, action in [${actions}], ${table}) when { ${tests.join(' && ')} };`;
}

function contextOf({ connection, facts }: DecisionRequest): Record<string, string | number | boolean> {
  return {
    connection,
    rows: Number(facts['sql.estimated_rows']),
    hour: Number(facts['request.hour']),
    where: facts['sql.has_where'] === true,
    intent: textOf(facts, 'session.intent'),
    kind: textOf(facts, 'sql.kind'),
  };
}

function textOf(facts: Facts, name: string): string {
  const value = facts[name];
  return typeof value === 'string' ? value : '';
}

export const cedar: MakeContender = (workload) => {
  const set = `bench-${workload.rules.length}`;
  const parsed = preparsePolicySet(set, { staticPolicies: workload.rules.map(policyOf).join('\n') });
  if (parsed.type !== 'success') throw new Error(`cedar refuses the policies: ${JSON.stringify(parsed)}`);
  const asked = workload.requests.map((request) => {
    const principal = { type: 'User', id: request.subject };
    const parents = request.groups.map((id) => ({ type: 'Group', id }));
    return {
      principal,
      context: contextOf(request),
      entities: [
        { uid: principal, attrs: {}, parents },
        ...parents.map((uid) => ({ uid, attrs: {}, parents: [] })),
      ],
    };
  });
  return {
    name: 'cedar-wasm',
    allows(index) {
      const prepared = asked[index];
      if (prepared === undefined) throw new RangeError(`no request ${index}`);
      return everyAccess(requestAt(workload, index), (action, resource) => {
        const answer = statefulIsAuthorized({
          ...prepared,
          action: { type: 'Action', id: action },
          resource: { type: 'Table', id: resource },
          preparsedPolicySetId: set,
        });
        if (answer.type !== 'success') throw new Error(`cedar fails: ${JSON.stringify(answer.errors)}`);
        return answer.response.decision === 'allow';
      });
    },
  };
};
