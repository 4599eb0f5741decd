/**
 * The reference interpreter and the evaluator decide the same requests under the same random policies. Where
 * they differ, one of them is wrong, and everything needed to see it again is in the answer.
 */
import { toJson } from '@bufbuild/protobuf';
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { loadPolicy } from '@sluice/engine';
import { link, referenceDecider, type CompiledCondition } from '@sluice/policy-compiler';
import { pb, type Decider, type Decision, type DecisionRequest } from '@sluice/schemas';
import { randomCondition } from './random-conditions.js';
import { buildPolicy, randomRules, randomVocabulary, type BuiltPolicy } from './random-plan.js';
import { randomRequest, targetsOf } from './random-request.js';
import { Random } from './random.js';

export interface DifferentialOptions {
  readonly seed: number;
  /** How many (policy, request) pairs to try. */
  readonly pairs: number;
  /** A changed evaluator in place of the shipped one, which must be found out. */
  readonly evaluatorWasm?: Uint8Array;
}

export interface Disagreement {
  readonly seed: number;
  /** How many pairs were tried, this one included: with the same seed, that many find it again. */
  readonly pair: number;
  readonly plan: pb.Plan;
  /** All requests the policy was asked, the last of which was answered differently. */
  readonly requests: readonly DecisionRequest[];
  readonly expected: Decision;
  readonly actual: Decision;
}

const REQUESTS_PER_POLICY = 500;
const CONDITIONS = 400;
const CONDITIONS_PER_POLICY = 8;

export function findDisagreement(options: DifferentialOptions): Disagreement | undefined {
  // Conditions that fail are errors inside the reference; nobody reads where they came from.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return tryPairs(options);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function tryPairs(options: DifferentialOptions): Disagreement | undefined {
  const random = new Random(options.seed);
  const conditions = Array.from({ length: CONDITIONS }, () => randomCondition(random));
  for (let tried = 0, policy = 0; tried < options.pairs; tried += REQUESTS_PER_POLICY, policy++) {
    const found = compareUnderPolicy(random.fork(policy), conditions, options, tried);
    if (found !== undefined) return found;
  }
  return undefined;
}

function compareUnderPolicy(
  random: Random,
  conditions: readonly CompiledCondition[],
  { seed, pairs, evaluatorWasm }: DifferentialOptions,
  tried: number,
): Disagreement | undefined {
  const vocabulary = randomVocabulary(random, random.picks(conditions, CONDITIONS_PER_POLICY));
  const built = buildPolicy(randomRules(random, vocabulary));
  const reference = referenceDecider(built.plan);
  const evaluator = loadEvaluator(built, evaluatorWasm);
  const targets = targetsOf(built.plan);
  const requests: DecisionRequest[] = [];
  for (let i = 0; i < Math.min(REQUESTS_PER_POLICY, pairs - tried); i++) {
    // The same request twice in a row must be answered the same.
    const last = requests.at(-1);
    const request = last && random.chance(0.05) ? last : randomRequest(random, targets, last);
    requests.push(request);
    const expected = reference.decide(request);
    const actual = evaluator.decide(request);
    if (!isDeepStrictEqual(actual, expected)) {
      return { seed, pair: tried + i + 1, plan: built.plan, requests, expected, actual };
    }
  }
  return undefined;
}

/** Links and loads as production does; a changed evaluator is pinned by its own digest. */
export function loadEvaluator({ plan, rules }: BuiltPolicy, evaluatorWasm?: Uint8Array): Decider {
  if (evaluatorWasm === undefined) return loadPolicy(link(plan), rules);
  const codeDigest = createHash('sha256').update(evaluatorWasm).digest('hex');
  return loadPolicy(link(plan, evaluatorWasm), rules, { codeDigest });
}

/** Everything of a disagreement as text: enough to run it again and to make a case of it. */
export function describeDisagreement(found: Disagreement): string {
  const request = found.requests.at(-1);
  return [
    `the evaluator disagrees with the reference: seed ${found.seed}, pair ${found.pair}`,
    `plan: ${JSON.stringify(toJson(pb.PlanSchema, withoutTables(found.plan)))}`,
    `request ${found.requests.length} of this policy: ${show(request)}`,
    `expected: ${show(found.expected)}`,
    `actual:   ${show(found.actual)}`,
  ].join('\n');
}

/** Byte code and automata follow from the text of the conditions; they would bury the rest. */
const withoutTables = (plan: pb.Plan): pb.Plan => ({
  ...plan,
  automata: [],
  conditions: plan.conditions.map((condition) => ({ ...condition, code: new Uint8Array() })),
});

const show = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return `${part}n`;
    return part instanceof Map ? Object.fromEntries(part) : part;
  });
