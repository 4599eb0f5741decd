/**
 * The model as a plan: every name interned in sorted tables, every rule a row of indexes. The same policies give
 * the same bytes, in whatever order their files and rules were written.
 */
import { create } from '@bufbuild/protobuf';
import { abi, MASKS, pb, type Effect, type RuleInfo } from '@sluice/schemas';
import { layOutConditions, type CompiledCondition } from '../conditions/index.js';
import type { Model } from '../model/model.js';
import { planRules, type PlannedRule } from './rules.js';
import { compareBytewise, Symbols } from './symbols.js';

export interface BuiltPlan {
  readonly plan: pb.Plan;
  /** In the order of `plan.rules`. */
  readonly rules: readonly RuleInfo[];
}

const EFFECTS: Readonly<Record<Effect, pb.Effect>> = {
  allow: pb.Effect.ALLOW,
  deny: pb.Effect.DENY,
  mask: pb.Effect.MASK,
  require_approval: pb.Effect.REQUIRE_APPROVAL,
};

interface Tables {
  readonly subjects: Symbols;
  readonly connections: Symbols;
  readonly actions: Symbols;
  readonly resources: Symbols;
  readonly columns: Symbols;
  /** Sorted texts; a rule names one by its index plus one. */
  readonly conditions: Symbols;
}

/** Takes a model without errors: a condition that did not compile has no place in a plan. */
export function buildPlan(model: Model): BuiltPlan {
  const planned = planRules(model);
  const rules = planned.map(({ rule }) => rule);
  const conditions = new Map<string, CompiledCondition>();
  for (const { id, condition } of rules) {
    if (condition === undefined) continue;
    if (condition.compiled === undefined) throw new TypeError(`the condition of \`${id}\` was not compiled`);
    conditions.set(condition.cel, condition.compiled);
  }
  const tables: Tables = {
    subjects: new Symbols(rules.flatMap(({ policy }) => policy.subjects)),
    connections: new Symbols(rules.flatMap(({ policy }) => policy.connections.map(({ name }) => name))),
    actions: new Symbols(rules.flatMap(({ actions }) => actions)),
    resources: new Symbols(rules.flatMap(({ resources }) => resources.map(({ canonical }) => canonical))),
    columns: new Symbols(rules.flatMap(({ columns }) => columns)),
    conditions: new Symbols(conditions.keys()),
  };
  const laidOut = layOutConditions(
    [...conditions].sort(([a], [b]) => compareBytewise(a, b)).map(([, condition]) => condition),
  );
  const plan = create(pb.PlanSchema, {
    abiVersion: abi.ABI_VERSION,
    subjects: [...tables.subjects.names],
    connections: [...tables.connections.names],
    actions: [...tables.actions.names],
    resources: tables.resources.names.map(pattern),
    columns: tables.columns.names.map(pattern),
    facts: [...laidOut.facts],
    conditions: [...laidOut.conditions],
    automata: [...laidOut.automata],
    rules: planned.map((entry) => ruleRow(entry, tables)),
  });
  return { plan, rules: planned.map(ruleInfo) };
}

const pattern = (text: string): pb.Pattern => create(pb.PatternSchema, { text, glob: text.includes('*') });

function ruleRow({ rule, implied, file, line, column }: PlannedRule, tables: Tables): pb.Rule {
  const { policy, approval, rows, rate } = rule;
  return create(pb.RuleSchema, {
    id: rule.id,
    effect: EFFECTS[rule.effect],
    mode: policy.shadow ? pb.Mode.SHADOW : pb.Mode.ENFORCE,
    subjects: tables.subjects.indexesOf(policy.subjects),
    connections: tables.connections.indexesOf(policy.connections.map(({ name }) => name)),
    actions: tables.actions.indexesOf(rule.actions),
    resources: tables.resources.indexesOf(rule.resources.map(({ canonical }) => canonical)),
    columns: tables.columns.indexesOf(rule.columns),
    mask: rule.mask === undefined ? pb.Mask.UNSPECIFIED : MASKS.indexOf(rule.mask) + 1,
    condition: rule.condition ? tables.conditions.indexOf(rule.condition.cel) + 1 : 0,
    ...((rows !== undefined || rate) && {
      limits: create(pb.LimitsSchema, {
        ...(rows !== undefined && { rows: BigInt(rows) }),
        ...(rate && { rate }),
      }),
    }),
    ...(approval && {
      approval: { approvers: [...approval.approvers], expiresSeconds: approval.expiresSeconds },
    }),
    message: rule.message,
    owner: policy.owner,
    position: { file, line, column },
    implied,
  });
}

function ruleInfo({ rule, implied, file, line, column }: PlannedRule): RuleInfo {
  const { id, effect, policy, message, rows, rate, approval } = rule;
  return {
    id,
    effect,
    shadow: policy.shadow,
    message,
    owner: policy.owner,
    file,
    line,
    column,
    ...(rows !== undefined && { rows }),
    ...(rate && { rate }),
    ...(approval && { approval }),
    ...(implied && { implied }),
  };
}
