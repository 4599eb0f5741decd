/** Random policies as lists of rules with their names written out, and the plan that such a list makes. */
import { create } from '@bufbuild/protobuf';
import { layOutConditions, type CompiledCondition } from '@sluice/policy-compiler';
import { abi, pb, type Effect, type RuleInfo } from '@sluice/schemas';
import { randomPattern, randomWord } from './random-names.js';
import type { Random } from './random.js';

export interface RuleSpec {
  readonly id: string;
  readonly effect: Effect;
  readonly shadow: boolean;
  readonly subjects: readonly string[];
  readonly connections: readonly string[];
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly columns: readonly string[];
  readonly mask: pb.Mask;
  readonly condition: CompiledCondition | undefined;
  readonly rows: number | undefined;
}

export interface BuiltPolicy {
  readonly plan: pb.Plan;
  readonly rules: readonly RuleInfo[];
}

/** Names that the rules of one policy choose from. */
export interface Vocabulary {
  readonly subjects: readonly string[];
  readonly connections: readonly string[];
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly columns: readonly string[];
  readonly conditions: readonly CompiledCondition[];
}

const ACTIONS = ['select', 'insert', 'update', 'delete', 'call', 'connect', 'drop', '*'];

export function randomVocabulary(random: Random, conditions: readonly CompiledCondition[]): Vocabulary {
  // More groups than fit into one or two machine words, in every third policy.
  const groups = random.chance(0.33) ? random.between(33, 90) : random.between(1, 6);
  const connections = random.chance(0.25) ? random.between(33, 70) : random.between(1, 4);
  return {
    subjects: [
      '*',
      ...Array.from(
        { length: groups },
        (_, i) => `group:${random.chance(0.1) ? randomWord(random) : `g${i}`}`,
      ),
      ...Array.from({ length: random.between(0, 4) }, () => `user:${randomWord(random)}`),
    ],
    connections: [
      ...(random.chance(0.1) ? ['*'] : []),
      ...Array.from({ length: connections }, (_, i) => `${randomWord(random)}${i}`),
    ],
    actions: random.picks(ACTIONS, random.between(1, 5)),
    resources: [
      ...(random.chance(0.3) ? ['*'] : []),
      ...Array.from({ length: random.between(1, 12) }, () => randomPattern(random, 2)),
    ],
    columns: Array.from({ length: random.between(1, 12) }, () => randomPattern(random, 3)),
    conditions,
  };
}

export function randomRules(random: Random, vocabulary: Vocabulary): readonly RuleSpec[] {
  const count = random.chance(0.1) ? random.between(40, 90) : random.between(1, random.pick([6, 30]));
  const rules = Array.from({ length: count }, (_, i) => randomRule(random, vocabulary, `p${i % 7}/r${i}`));
  // Where every rule matches everything, a larger request has more matches than are counted.
  return random.chance(0.04) ? rules.map((rule) => (rule.effect === 'deny' ? rule : widest(rule))) : rules;
}

const widest = (rule: RuleSpec): RuleSpec => ({
  ...rule,
  subjects: ['*'],
  connections: ['*'],
  actions: rule.actions.length > 0 ? ['*'] : [],
  resources: rule.resources.length > 0 ? ['*'] : [],
  columns: rule.columns.length > 0 ? ['*'] : [],
});

/** A deny that matches hides all else of a decision, so there are few. */
const EFFECT_MIX: readonly Effect[] = [
  ...(['allow', 'allow', 'allow', 'allow', 'allow'] as const),
  ...(['mask', 'mask', 'mask', 'require_approval', 'require_approval', 'deny'] as const),
];

export function randomRule(
  random: Random,
  vocabulary: Vocabulary,
  id: string,
  effect: Effect = random.pick(EFFECT_MIX),
): RuleSpec {
  const some = (names: readonly string[], most: number): string[] =>
    random.picks(names, random.between(1, most));
  const isMask = effect === 'mask';
  return {
    id,
    effect,
    shadow: random.chance(0.2),
    subjects: random.chance(0.25) ? ['*'] : some(vocabulary.subjects, random.chance(0.1) ? 40 : 3),
    connections: random.chance(0.5) ? [...vocabulary.connections] : some(vocabulary.connections, 3),
    actions: isMask ? [] : some(vocabulary.actions, 3),
    resources: isMask ? [] : some(vocabulary.resources, 3),
    columns: isMask ? some(vocabulary.columns, 3) : [],
    mask: isMask ? random.between(pb.Mask.GENERALIZE, pb.Mask.REDACT) : pb.Mask.UNSPECIFIED,
    condition: random.chance(0.45) ? random.pick(vocabulary.conditions) : undefined,
    rows: random.chance(0.4) && !isMask ? random.between(1, 9) * 10 : undefined,
  };
}

const EFFECTS: Readonly<Record<Effect, pb.Effect>> = {
  allow: pb.Effect.ALLOW,
  deny: pb.Effect.DENY,
  mask: pb.Effect.MASK,
  require_approval: pb.Effect.REQUIRE_APPROVAL,
};

/** As the compiler does it: rules sorted by id, every table sorted bytewise, conditions laid out together. */
export function buildPolicy(specs: readonly RuleSpec[]): BuiltPolicy {
  const sorted = [...specs].sort((a, b) => compareBytes(a.id, b.id));
  const tableOf = (names: (spec: RuleSpec) => readonly string[]): readonly string[] =>
    [...new Set(sorted.flatMap(names))].map(wellFormed).sort(compareBytes).filter(isNew);
  const subjects = tableOf((spec) => spec.subjects);
  const connections = tableOf((spec) => spec.connections);
  const actions = tableOf((spec) => spec.actions);
  const resources = tableOf((spec) => spec.resources);
  const columns = tableOf((spec) => spec.columns);
  const conditions = [...new Map(sorted.flatMap(({ condition: c }) => (c ? [[c.cel, c]] : []))).values()];
  const rules = sorted.map((spec) => ({
    id: spec.id,
    effect: EFFECTS[spec.effect],
    mode: spec.shadow ? pb.Mode.SHADOW : pb.Mode.ENFORCE,
    subjects: indexesIn(subjects, spec.subjects),
    connections: indexesIn(connections, spec.connections),
    actions: indexesIn(actions, spec.actions),
    resources: indexesIn(resources, spec.resources),
    columns: indexesIn(columns, spec.columns),
    mask: spec.mask,
    condition: spec.condition ? conditions.findIndex(({ cel }) => cel === spec.condition?.cel) + 1 : 0,
  }));
  const laidOut = layOutConditions(conditions);
  const plan = create(pb.PlanSchema, {
    abiVersion: abi.ABI_VERSION,
    subjects: [...subjects],
    connections: [...connections],
    actions: [...actions],
    resources: patterns(resources),
    columns: patterns(columns),
    facts: [...laidOut.facts],
    conditions: [...laidOut.conditions],
    automata: [...laidOut.automata],
    rules,
  });
  return { plan, rules: sorted.map(ruleInfo) };
}

const ruleInfo = ({ id, effect, shadow, rows }: RuleSpec): RuleInfo => ({
  id,
  effect,
  shadow,
  message: '',
  owner: '',
  file: 'random.yaml',
  line: 1,
  column: 1,
  ...(rows !== undefined && { rows }),
});

const wellFormed = (text: string): string => text.replaceAll(/\p{Surrogate}/gu, '\ufffd');
const compareBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const isNew = (value: string, index: number, list: readonly string[]): boolean => value !== list[index - 1];
const patterns = (texts: readonly string[]): { text: string; glob: boolean }[] =>
  texts.map((text) => ({ text, glob: text.includes('*') }));
const indexesIn = (table: readonly string[], names: readonly string[]): number[] =>
  [...new Set(names.map((name) => table.indexOf(wellFormed(name))))].sort((a, b) => a - b);
