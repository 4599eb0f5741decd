/** Peer: `@bufbuild/cel`, each distinct condition planned once, behind the same index as the plain closures. */
import { celEnv, parse, plan, type CelInput } from '@bufbuild/cel';
import type { Facts } from '@sluice/schemas';
import { requestAt, type MakeContender } from './contender.js';
import { indexBy } from './js-index.js';
import { celOf } from './sluice.js';

type Fields = Record<string, Record<string, CelInput>>;
type Run = (facts: Fields) => unknown;

/** `sql.kind` is field `kind` of `sql`; only the facts that conditions read. */
function fieldsOf(facts: Facts): Fields {
  const field = (name: string): CelInput => facts[name] as CelInput;
  return {
    request: { hour: field('request.hour') },
    session: { intent: field('session.intent') },
    sql: {
      kind: field('sql.kind'),
      has_where: field('sql.has_where'),
      estimated_rows: field('sql.estimated_rows'),
    },
  };
}

export const celIndex: MakeContender = (workload) => {
  const env = celEnv();
  const planned = new Map<string, Run>();
  const runOf = (cel: string): Run => {
    const known = planned.get(cel);
    if (known) return known;
    const made = plan(env, parse(cel));
    planned.set(cel, made);
    return made;
  };
  const index = indexBy(workload.rules, ({ deny, groups, connections, condition }) => ({
    deny,
    groups: new Set(groups),
    connections: new Set(connections),
    run: condition && runOf(celOf(condition)),
  }));
  return {
    name: 'cel-index',
    allows(i) {
      const { groups, connection, accesses, facts } = requestAt(workload, i);
      const fields = fieldsOf(facts);
      return accesses.every(({ action, resource }) => {
        const rules = (index.get(resource)?.get(action) ?? []).filter(
          (rule) =>
            rule.connections.has(connection) &&
            groups.some((group) => rule.groups.has(group)) &&
            (rule.run === undefined || rule.run(fields) === true),
        );
        return rules.length > 0 && !rules.some(({ deny }) => deny);
      });
    },
  };
};
