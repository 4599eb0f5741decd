/**
 * Runs a plan as it reads: every rule against every access and column, no index, no byte code. It is what the
 * evaluator is tested against, so it is written to be read, not to be fast.
 */
import { MASKS, pb } from '@sluice/schemas';
import type { Decider, Decision, DecisionRequest, Mask, Match, Outcome, Reason } from '@sluice/schemas';
import { wellFormed } from '../conditions/text.js';
import {
  celFacts,
  runnableCondition,
  type CelFacts,
  type ConditionResult,
  type RunnableCondition,
} from './evaluate-condition.js';
import { nameTest, type NameTest } from './match-names.js';

const MATCH_LIMIT = 1024;

export function referenceDecider(plan: pb.Plan): Decider {
  const runnable: RunnablePlan = {
    plan,
    conditions: plan.conditions.map(({ cel }) => runnableCondition(cel)),
    resources: plan.resources.map(nameTest),
    columns: plan.columns.map(nameTest),
  };
  return { decide: (request) => decide(runnable, asUtf8(request)) };
}

/** A plan beside its conditions and patterns as functions, in the same order. */
interface RunnablePlan {
  readonly plan: pb.Plan;
  readonly conditions: readonly RunnableCondition[];
  readonly resources: readonly NameTest[];
  readonly columns: readonly NameTest[];
}

/** Names travel as UTF-8, where half of a surrogate pair has no place. */
function asUtf8(request: DecisionRequest): DecisionRequest {
  return {
    subject: wellFormed(request.subject),
    groups: request.groups.map(wellFormed),
    connection: wellFormed(request.connection),
    accesses: request.accesses.map(({ action, resource }) => ({
      action: wellFormed(action),
      resource: wellFormed(resource),
    })),
    columns: request.columns.map(wellFormed),
    facts: request.facts,
  };
}

function decide(runnable: RunnablePlan, request: DecisionRequest): Decision {
  const { plan } = runnable;
  const matches = findMatches(runnable, request);
  if (matches.length > MATCH_LIMIT) return tooManyMatches();
  const isEnforced = ({ rule }: Match): boolean => plan.rules[rule]?.mode !== pb.Mode.SHADOW;
  const enforced = matches.filter(isEnforced);
  const permissions = permissionsOf(plan, enforced, request.accesses.length);
  const outcome = outcomeOf(plan, enforced, permissions);
  return {
    outcome,
    shadowOutcome: outcomeOf(plan, matches, permissionsOf(plan, matches, request.accesses.length)),
    reason: reasonOf(plan, enforced, outcome),
    unpermitted: permissions.indexOf('deny'),
    matches,
    masks: masksOf(plan, enforced),
  };
}

const tooManyMatches = (): Decision => ({
  outcome: 'deny',
  shadowOutcome: 'deny',
  reason: 'too_many_matches',
  unpermitted: -1,
  matches: [],
  masks: new Map(),
});

/** Ascending by rule, then by target, because that is the order of the loops. */
function findMatches(runnable: RunnablePlan, request: DecisionRequest): readonly Match[] {
  const { plan, conditions } = runnable;
  let facts: CelFacts | undefined;
  const subjects = subjectsOf(request);
  const connections = new Set(['*', request.connection]);
  const matches: Match[] = [];
  plan.rules.forEach((rule, index) => {
    if (!namesAny(plan.subjects, rule.subjects, subjects)) return;
    if (!namesAny(plan.connections, rule.connections, connections)) return;
    const targets = targetsOf(runnable, rule, request);
    if (targets.length === 0) return;
    facts ??= celFacts(plan.facts, request.facts);
    const result = conditionOf(rule, conditions, facts);
    if (result === 'false') return;
    for (const target of targets) matches.push({ rule: index, target, failed: result === 'failed' });
  });
  return matches;
}

/** Everything a rule may call this principal by. */
const subjectsOf = ({ subject, groups }: DecisionRequest): ReadonlySet<string> =>
  new Set(['*', `user:${subject}`, ...groups.map((group) => `group:${group}`)]);

const namesAny = (
  table: readonly string[],
  symbols: readonly number[],
  names: ReadonlySet<string>,
): boolean => symbols.some((symbol) => names.has(table[symbol] ?? ''));

/** Indexes of the accesses that a rule covers; of the columns, when it is a mask. */
function targetsOf(
  { plan, resources, columns }: RunnablePlan,
  rule: pb.Rule,
  request: DecisionRequest,
): readonly number[] {
  if (rule.effect === pb.Effect.MASK) {
    const covers = (column: string): boolean => rule.columns.some((symbol) => columns[symbol]?.(column));
    return indexesOf(request.columns, covers);
  }
  return indexesOf(
    request.accesses,
    ({ action, resource }) =>
      namesAny(plan.actions, rule.actions, new Set(['*', action])) &&
      rule.resources.some((symbol) => resources[symbol]?.(resource)),
  );
}

const indexesOf = <T>(list: readonly T[], holds: (value: T) => boolean): readonly number[] =>
  list.flatMap((value, index) => (holds(value) ? [index] : []));

function conditionOf(
  rule: pb.Rule,
  conditions: readonly RunnableCondition[],
  facts: CelFacts,
): ConditionResult {
  if (rule.condition === 0) return 'true';
  return conditions[rule.condition - 1]?.(facts) ?? 'failed';
}

/** For each access what the rules that permit it ask for; `deny` where there is none. */
function permissionsOf(plan: pb.Plan, matches: readonly Match[], accesses: number): readonly Outcome[] {
  const permissions = Array.from({ length: accesses }, (): Outcome => 'deny');
  for (const { rule, target, failed } of matches) {
    const effect = plan.rules[rule]?.effect;
    if (effect === pb.Effect.REQUIRE_APPROVAL) permissions[target] = 'require_approval';
    // An allow whose condition failed permits nothing.
    if (effect === pb.Effect.ALLOW && !failed && permissions[target] === 'deny')
      permissions[target] = 'allow';
  }
  return permissions;
}

/** The strictest outcome of all accesses; a request that asks for nothing is denied. */
function outcomeOf(plan: pb.Plan, matches: readonly Match[], permissions: readonly Outcome[]): Outcome {
  if (matches.some(({ rule }) => isDeny(plan, rule))) return 'deny';
  if (permissions.length === 0 || permissions.includes('deny')) return 'deny';
  return permissions.includes('require_approval') ? 'require_approval' : 'allow';
}

function reasonOf(plan: pb.Plan, enforced: readonly Match[], outcome: Outcome): Reason {
  if (outcome === 'allow') return 'allowed';
  if (outcome === 'require_approval') return 'rule';
  return enforced.some(({ rule }) => isDeny(plan, rule)) ? 'rule' : 'no_rule';
}

const isDeny = (plan: pb.Plan, rule: number): boolean => plan.rules[rule]?.effect === pb.Effect.DENY;

function masksOf(plan: pb.Plan, enforced: readonly Match[]): ReadonlyMap<number, Mask> {
  const strictest = new Map<number, number>();
  for (const { rule, target } of enforced) {
    const { effect, mask } = plan.rules[rule] ?? {};
    if (effect !== pb.Effect.MASK || mask === undefined) continue;
    strictest.set(target, Math.max(mask, strictest.get(target) ?? 0));
  }
  const named = [...strictest].flatMap(([column, number]) => {
    const mask = MASKS[number - 1];
    return mask === undefined ? [] : [[column, mask] as const];
  });
  return new Map(named.sort(([a], [b]) => a - b));
}
