/** Ours: the workload as a plan, linked, loaded, asked with interned ids and with the full encode of each request. */
import { create } from '@bufbuild/protobuf';
import { loadPolicy, type Policy } from '@sluice/engine';
import { compileCondition, layOutConditions, link } from '@sluice/policy-compiler';
import { abi, pb, type RuleInfo } from '@sluice/schemas';
import { requestAt, type Contender } from './contender.js';
import type { BenchCondition, Workload } from './workload.js';

export function celOf(condition: BenchCondition): string {
  switch (condition.kind) {
    case 'rows':
      return `sql.estimated_rows <= ${condition.most}`;
    case 'hours':
      return `request.hour >= ${condition.from} && request.hour < ${condition.to}`;
    case 'where':
      return 'sql.has_where';
    case 'intent':
      return `session.intent.startsWith("${condition.prefix}")`;
    case 'select_or_rows':
      break;
  }
  return `sql.kind == "select" || sql.estimated_rows < ${condition.below}`;
}

class Symbols {
  readonly #sorted: readonly string[];
  readonly #indexes: ReadonlyMap<string, number>;

  constructor(names: Iterable<string>) {
    this.#sorted = [...new Set(names)].sort();
    this.#indexes = new Map(this.#sorted.map((name, index) => [name, index]));
  }

  get all(): string[] {
    return [...this.#sorted];
  }

  of(names: readonly string[]): number[] {
    return names.map((name) => this.#indexes.get(name) ?? -1);
  }
}

export function planOf({ rules }: Workload): pb.Plan {
  const groupsOf = (groups: readonly string[]): string[] => groups.map((group) => `group:${group}`);
  const subjects = new Symbols(rules.flatMap((rule) => groupsOf(rule.groups)));
  const connections = new Symbols(rules.flatMap((rule) => rule.connections));
  const actions = new Symbols(rules.flatMap((rule) => rule.actions));
  const resources = new Symbols(rules.flatMap((rule) => rule.resources));
  const conditions = new Symbols(rules.flatMap(({ condition }) => (condition ? [celOf(condition)] : [])));
  const tables = layOutConditions(
    conditions.all.map((cel) => {
      const compiled = compileCondition(cel, ['postgres']);
      if (!compiled.ok) throw new Error(`the bench's condition \`${cel}\` does not compile`);
      return compiled.value;
    }),
  );
  return create(pb.PlanSchema, {
    abiVersion: abi.ABI_VERSION,
    subjects: subjects.all,
    connections: connections.all,
    actions: actions.all,
    resources: resources.all.map((text) => ({ text, glob: false })),
    facts: [...tables.facts],
    conditions: [...tables.conditions],
    automata: [...tables.automata],
    rules: rules.map((rule) => ({
      id: rule.id,
      effect: rule.deny ? pb.Effect.DENY : pb.Effect.ALLOW,
      mode: pb.Mode.ENFORCE,
      subjects: subjects.of(groupsOf(rule.groups)),
      connections: connections.of(rule.connections),
      actions: actions.of(rule.actions),
      resources: resources.of(rule.resources),
      condition: rule.condition ? (conditions.of([celOf(rule.condition)])[0] ?? -1) + 1 : 0,
    })),
  });
}

function infoOf({ id, deny }: Workload['rules'][number]): RuleInfo {
  const effect = deny ? 'deny' : 'allow';
  return { id, effect, shadow: false, message: '', owner: '', file: 'bench.yaml', line: 1, column: 1 };
}

export function loadWorkload(workload: Workload): Policy {
  return loadPolicy(link(planOf(workload)), workload.rules.map(infoOf));
}

/** Principal and accesses are interned; each decision writes the facts and runs the evaluator. */
export function cachedIds(workload: Workload, policy: Policy): Contender {
  const asked = workload.requests.map(({ subject, groups, connection, accesses, columns, facts }) => ({
    principal: policy.internPrincipal(subject, groups),
    shape: policy.internShape(connection, accesses, columns),
    facts,
  }));
  return {
    name: 'ids',
    allows(index) {
      const request = asked[index];
      if (request === undefined) throw new RangeError(`no request ${index}`);
      return policy.outcomeOf(request.principal, request.shape, request.facts) === abi.OUTCOME_ALLOW;
    },
  };
}

/** From the objects of the request to the whole decision, as the enforcer asks. */
export function fullEncode(workload: Workload, policy: Policy): Contender {
  return {
    name: 'encode',
    allows: (index) => policy.decide(requestAt(workload, index)).outcome === 'allow',
  };
}
