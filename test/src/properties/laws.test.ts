/**
 * Laws that hold whatever a policy says, tried on random policies by the reference interpreter and the evaluator
 * alike: they say what "deny wins" and "nothing widens by surprise" mean, without saying how it is computed.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { termsOf } from '@sluice/engine';
import { referenceDecider } from '@sluice/policy-compiler';
import { MASKS, type Decision, type DecisionRequest, type Outcome } from '@sluice/schemas';
import { loadEvaluator } from './differential.js';
import { randomCondition } from './random-conditions.js';
import {
  buildPolicy,
  randomRule,
  randomRules,
  randomVocabulary,
  type RuleSpec,
  type Vocabulary,
} from './random-plan.js';
import { randomRequest, targetsOf } from './random-request.js';
import { Random, seedOfRun } from './random.js';

const REQUESTS_PER_POLICY = 40;

const seed = seedOfRun();
const conditions = (() => {
  const random = new Random(seed);
  return Array.from({ length: 100 }, () => randomCondition(random));
})();

/** A decision with the terms it is permitted on. */
interface Judged extends Decision {
  readonly rows: number;
}

type Judge = (request: DecisionRequest) => Judged;

/** What a law looks at: the rules, and a change of them that must not matter, or only in one direction. */
interface Law {
  readonly change: (
    rules: readonly RuleSpec[],
    random: Random,
    vocabulary: Vocabulary,
  ) => readonly RuleSpec[];
  readonly holds: (before: Judged, after: Judged) => void;
}

const OUTCOMES: readonly Outcome[] = ['allow', 'require_approval', 'deny'];
const strictness = (outcome: Outcome): number => OUTCOMES.indexOf(outcome);

function narrowsOrKeeps(before: Judged, after: Judged): void {
  assert.ok(
    strictness(after.outcome) >= strictness(before.outcome),
    `${before.outcome} became ${after.outcome}`,
  );
}

const added =
  (effect: RuleSpec['effect'], more: Partial<RuleSpec> = {}): Law['change'] =>
  (rules, random, vocabulary) => [
    ...rules,
    // Ids that sort before, between and after the others.
    { ...randomRule(random, vocabulary, `p${random.below(9)}/new`, effect), ...more },
  ];

const isEnforced = ({ shadow }: RuleSpec): boolean => !shadow;

/** A rule that always applies. */
const EVERYTHING: Partial<RuleSpec> = {
  shadow: false,
  subjects: ['*'],
  connections: ['*'],
  actions: ['*'],
  resources: ['*'],
  condition: undefined,
};

const LAWS: Readonly<Record<string, Law>> = {
  'adding a deny never widens': {
    change: added('deny'),
    holds: narrowsOrKeeps,
  },
  'a deny of everything leaves nothing': {
    change: added('deny', EVERYTHING),
    holds: (_, after) => assert.equal(after.outcome, 'deny'),
  },
  'a require_approval of everything leaves nothing without an approval': {
    change: added('require_approval', EVERYTHING),
    holds: (before, after) => {
      assert.notEqual(after.outcome, 'allow');
      if (before.outcome === 'allow') assert.equal(after.outcome, 'require_approval');
    },
  },
  'removing an allow never widens, in outcome or in rows': {
    change: (rules, random) => {
      const allows = rules.filter((rule) => rule.effect === 'allow' && isEnforced(rule));
      const gone = allows.length > 0 ? random.pick(allows) : undefined;
      return rules.filter((rule) => rule !== gone);
    },
    holds: (before, after) => {
      narrowsOrKeeps(before, after);
      if (after.outcome !== 'deny')
        assert.ok(after.rows <= before.rows, `${before.rows} rows became ${after.rows}`);
    },
  },
  'adding a mask never shows more, and changes no outcome': {
    change: added('mask', { shadow: false }),
    holds: (before, after) => {
      assert.equal(after.outcome, before.outcome);
      for (const [column, mask] of before.masks) {
        const now = after.masks.get(column);
        assert.ok(now !== undefined && MASKS.indexOf(now) >= MASKS.indexOf(mask), `${mask} became ${now}`);
      }
    },
  },
  'adding a require_approval never permits without an approval': {
    change: added('require_approval'),
    holds: (before, after) => {
      if (after.outcome === 'allow') assert.equal(before.outcome, 'allow');
    },
  },
  'shadow rules change neither outcome nor masks': {
    change: (rules, random, vocabulary) => {
      const shadows = Array.from({ length: random.between(1, 4) }, (_, i) => ({
        ...randomRule(random, vocabulary, `p${random.below(9)}/shadow${i}`),
        shadow: true,
      }));
      return [...rules.filter(isEnforced), ...shadows];
    },
    holds: (before, after) => {
      const { outcome, reason, unpermitted, masks, rows } = before;
      assert.deepEqual(
        { outcome, reason, unpermitted, masks, rows },
        {
          outcome: after.outcome,
          reason: after.reason,
          unpermitted: after.unpermitted,
          masks: after.masks,
          rows: after.rows,
        },
      );
    },
  },
};

/** Loading a module costs more than many decisions, so the evaluator sees fewer policies. */
const DECIDERS = [
  { decider: 'the reference', judgeOf: referenceJudge, policies: 120 },
  { decider: 'the evaluator', judgeOf: evaluatorJudge, policies: 20 },
] as const;
type DeciderUnderTest = (typeof DECIDERS)[number];

for (const [name, law] of Object.entries(LAWS)) {
  for (const tried of DECIDERS) {
    test(`${tried.decider}: ${name}`, () => tryLaw(name, law, tried));
  }
}

function tryLaw(name: string, law: Law, { judgeOf, policies }: DeciderUnderTest): void {
  for (let policy = 0; policy < policies; policy++) {
    const random = new Random(seed).fork(policy);
    const vocabulary = randomVocabulary(random, random.picks(conditions, 6));
    const rules = randomRules(random, vocabulary);
    // With shadow rules gone from both sides, what the added ones do is seen.
    const base = name.startsWith('shadow') ? rules.filter(isEnforced) : rules;
    const changed = law.change(base, random, vocabulary);
    const [before, after] = [judgeOf(base), judgeOf(changed)];
    forEachRequest(random, [...base, ...changed], (request) => {
      const [was, is] = [before(request), after(request)];
      // A request with too many matches is denied for that; more rules may make it one.
      if (was.reason === 'too_many_matches') return;
      if (is.reason === 'too_many_matches') return;
      law.holds(was, is);
    });
  }
}

function forEachRequest(
  random: Random,
  rules: readonly RuleSpec[],
  look: (request: DecisionRequest) => void,
): void {
  const unique = [...new Map(rules.map((rule) => [rule.id, rule])).values()];
  const targets = targetsOf(buildPolicy(unique).plan);
  let request: DecisionRequest | undefined;
  for (let i = 0; i < REQUESTS_PER_POLICY; i++) {
    request = randomRequest(random, targets, request);
    look(request);
  }
}

function referenceJudge(specs: readonly RuleSpec[]): Judge {
  const built = buildPolicy(specs);
  return judgeBy(referenceDecider(built.plan), built.rules);
}

function evaluatorJudge(specs: readonly RuleSpec[]): Judge {
  const built = buildPolicy(specs);
  return judgeBy(loadEvaluator(built), built.rules);
}

function judgeBy(
  decider: ReturnType<typeof referenceDecider>,
  rules: ReturnType<typeof buildPolicy>['rules'],
): Judge {
  return (request) => {
    const decision = decider.decide(request);
    return { ...decision, rows: termsOf(decision, rules, request.accesses.length).rows ?? Infinity };
  };
}

for (const { decider, judgeOf, policies } of DECIDERS) {
  test(`${decider}: the order in which rules are looked at does not matter`, () => {
    for (let policy = 0; policy < policies; policy++) {
      const random = new Random(seed).fork(policy);
      const rules = randomRules(random, randomVocabulary(random, random.picks(conditions, 6)));
      // Other ids: the plan, sorted by id, has the same rules in another order.
      const order = random.shuffled(rules.map((_, i) => i));
      const renamed = rules.map((rule, i) => ({ ...rule, id: `q/${String(order[i]).padStart(4, '0')}` }));
      const [before, after] = [judgeOf(rules), judgeOf(renamed)];
      const [oldRules, newRules] = [buildPolicy(rules).rules, buildPolicy(renamed).rules];
      const newId = new Map(rules.map(({ id }, i) => [id, renamed[i]?.id]));
      forEachRequest(random, rules, (request) => {
        const [was, is] = [before(request), after(request)];
        const translate = (judged: Judged, name: (rule: number) => string | undefined) => ({
          ...judged,
          matches: judged.matches
            .map((match) => `${name(match.rule)} ${match.target} ${match.failed}`)
            .sort(),
        });
        assert.deepEqual(
          translate(is, (rule) => newRules[rule]?.id),
          translate(was, (rule) => newId.get(oldRules[rule]?.id ?? '')),
        );
      });
    }
  });
}
