/** Small plans with their names written out, for the tests of this folder. */
import { create } from '@bufbuild/protobuf';
import { loadPolicy, type LoadOptions, type Policy } from '@sluice/engine';
import { abi, pb, type DecisionRequest, type Effect, type RuleInfo } from '@sluice/schemas';
import { compileCondition } from '../conditions/compile-condition.js';
import { layOutConditions } from '../conditions/lay-out.js';
import { link } from './link.js';

export interface RuleText {
  readonly effect: Effect;
  readonly shadow?: boolean;
  readonly subjects?: readonly string[];
  readonly connections?: readonly string[];
  readonly actions?: readonly string[];
  readonly resources?: readonly string[];
  readonly columns?: readonly string[];
  readonly mask?: pb.Mask;
  readonly when?: string;
}

const EFFECTS: Readonly<Record<Effect, pb.Effect>> = {
  allow: pb.Effect.ALLOW,
  deny: pb.Effect.DENY,
  mask: pb.Effect.MASK,
  require_approval: pb.Effect.REQUIRE_APPROVAL,
};

/** Subjects, connections, actions and resources default to `*`; a resource or column with `*` is a glob. */
export function planOf(rules: readonly RuleText[]): pb.Plan {
  const namesOf = (of: (rule: RuleText) => readonly string[]): string[] =>
    [...new Set(rules.flatMap(of))].sort();
  const subjectsOf = (rule: RuleText): readonly string[] => rule.subjects ?? ['*'];
  const connectionsOf = (rule: RuleText): readonly string[] => rule.connections ?? ['*'];
  const actionsOf = (rule: RuleText): readonly string[] =>
    rule.effect === 'mask' ? [] : (rule.actions ?? ['*']);
  const resourcesOf = (rule: RuleText): readonly string[] =>
    rule.effect === 'mask' ? [] : (rule.resources ?? ['*']);
  const columnsOf = (rule: RuleText): readonly string[] =>
    rule.effect === 'mask' ? (rule.columns ?? ['*']) : [];
  const subjects = namesOf(subjectsOf);
  const connections = namesOf(connectionsOf);
  const actions = namesOf(actionsOf);
  const resources = namesOf(resourcesOf);
  const columns = namesOf(columnsOf);
  const conditions = namesOf(({ when }) => (when === undefined ? [] : [when]));
  const laidOut = layOutConditions(conditions.map(compiled));
  const indexes = (names: readonly string[], of: readonly string[]): number[] =>
    of.map((name) => indexIn(names, name));
  const patterns = (names: readonly string[]) => names.map((text) => ({ text, glob: text.includes('*') }));
  return create(pb.PlanSchema, {
    abiVersion: abi.ABI_VERSION,
    subjects,
    connections,
    actions,
    resources: patterns(resources),
    columns: patterns(columns),
    facts: [...laidOut.facts],
    conditions: [...laidOut.conditions],
    automata: [...laidOut.automata],
    rules: rules.map((rule, i) => ({
      id: `policy/rule-${i}`,
      effect: EFFECTS[rule.effect],
      mode: rule.shadow ? pb.Mode.SHADOW : pb.Mode.ENFORCE,
      subjects: indexes(subjects, subjectsOf(rule)),
      connections: indexes(connections, connectionsOf(rule)),
      actions: indexes(actions, actionsOf(rule)),
      resources: indexes(resources, resourcesOf(rule)),
      columns: indexes(columns, columnsOf(rule)),
      mask: rule.effect === 'mask' ? (rule.mask ?? pb.Mask.REDACT) : pb.Mask.UNSPECIFIED,
      condition: rule.when === undefined ? 0 : conditions.indexOf(rule.when) + 1,
    })),
  });
}

const indexesOf = new WeakMap<readonly string[], ReadonlyMap<string, number>>();

function indexIn(names: readonly string[], name: string): number {
  const known = indexesOf.get(names) ?? new Map(names.map((each, index) => [each, index]));
  indexesOf.set(names, known);
  return known.get(name) ?? -1;
}

function compiled(when: string) {
  const condition = compileCondition(when, ['postgres']);
  if (!condition.ok) throw new Error(`the condition \`${when}\` does not compile`);
  return condition.value;
}

const EFFECT_NAMES: Readonly<Record<pb.Effect, Effect>> = {
  [pb.Effect.UNSPECIFIED]: 'deny',
  [pb.Effect.ALLOW]: 'allow',
  [pb.Effect.DENY]: 'deny',
  [pb.Effect.MASK]: 'mask',
  [pb.Effect.REQUIRE_APPROVAL]: 'require_approval',
};

export function infosOf(plan: pb.Plan): readonly RuleInfo[] {
  return plan.rules.map(({ id, effect, mode }) => ({
    id,
    effect: EFFECT_NAMES[effect],
    shadow: mode === pb.Mode.SHADOW,
    message: '',
    owner: '',
    file: 'policy.yaml',
    line: 1,
    column: 1,
  }));
}

export function load(rules: readonly RuleText[], options?: LoadOptions): Policy {
  const plan = planOf(rules);
  return loadPolicy(link(plan), infosOf(plan), options);
}

/** A request of `alice` in `agents` at `shop-db` to select from `public.orders`, but for what is given. */
export function requestOf(changes: Partial<DecisionRequest> = {}): DecisionRequest {
  return {
    subject: 'alice',
    groups: ['agents'],
    connection: 'shop-db',
    accesses: [{ action: 'select', resource: 'public.orders' }],
    columns: [],
    facts: {},
    ...changes,
  };
}
