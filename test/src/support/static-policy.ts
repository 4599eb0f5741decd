/**
 * A policy of a few rules, decided by the plainest code there is: for tests of a data path, which must not
 * depend on the compiler or the evaluator.
 */
import type { Decider, Decision, DecisionRequest, Mask, Match, Reason, RuleInfo } from '@sluice/schemas';
import { MASKS } from '@sluice/schemas';
import type { Generation } from '@sluice/enforcer';

export interface StaticRule {
  readonly id: string;
  readonly effect: RuleInfo['effect'];
  /** Absent: every action. */
  readonly actions?: readonly string[];
  /** Resources, or columns of a mask; `*` stands for any run of characters. */
  readonly on: readonly string[];
  readonly mask?: Mask;
  readonly when?: (facts: DecisionRequest['facts']) => boolean;
  readonly message?: string;
  readonly rows?: number;
  readonly rate?: { readonly count: number; readonly windowSeconds: number };
}

let generations = 0;

export function staticGeneration(rules: readonly StaticRule[], facts: readonly string[] = []): Generation {
  const infos = rules.map(infoOf);
  const decider: Decider = { decide: (request) => decide(rules, request) };
  const number = ++generations;
  return {
    number,
    digest: number.toString(16).padStart(64, '0'),
    policy: {
      rules: infos,
      facts: new Set(facts),
      factsFor: () => new Set(facts),
      decide: decider.decide,
    },
  };
}

const infoOf = ({ id, effect, message, rows, rate }: StaticRule): RuleInfo => ({
  id,
  effect,
  shadow: false,
  message: message ?? '',
  owner: '@acme/data-platform',
  file: 'policies/shop.yaml',
  line: 1,
  column: 1,
  ...(rows !== undefined && { rows }),
  ...(rate !== undefined && { rate }),
  ...(effect === 'require_approval' && { approval: { approvers: ['@acme/dba'], expiresSeconds: 900 } }),
});

function decide(rules: readonly StaticRule[], request: DecisionRequest): Decision {
  const matches: Match[] = [];
  const masks = new Map<number, Mask>();
  const permitted = new Set<number>();
  let outcome: Decision['outcome'] = 'allow';
  let reason: Reason = 'allowed';
  for (const [rule, { effect, actions, on, mask, when }] of rules.entries()) {
    if (when && !when(request.facts)) continue;
    if (effect === 'mask') {
      for (const [target, column] of request.columns.entries()) {
        if (!on.some((pattern) => matchesGlob(pattern, column))) continue;
        matches.push({ rule, target, failed: false });
        masks.set(target, stricter(masks.get(target), mask ?? 'redact'));
      }
      continue;
    }
    for (const [target, access] of request.accesses.entries()) {
      const meant = actions === undefined || actions.includes(access.action);
      if (!meant || !on.some((pattern) => matchesGlob(pattern, access.resource))) continue;
      matches.push({ rule, target, failed: false });
      if (effect !== 'deny') permitted.add(target);
      if (effect === 'deny') [outcome, reason] = ['deny', 'rule'];
      else if (effect === 'require_approval' && outcome === 'allow')
        [outcome, reason] = ['require_approval', 'rule'];
    }
  }
  const unpermitted = request.accesses.findIndex((_, index) => !permitted.has(index));
  if (unpermitted !== -1 && outcome !== 'deny') [outcome, reason] = ['deny', 'no_rule'];
  return { outcome, shadowOutcome: outcome, reason, unpermitted, matches, masks };
}

const stricter = (one: Mask | undefined, other: Mask): Mask =>
  one !== undefined && MASKS.indexOf(one) >= MASKS.indexOf(other) ? one : other;

function matchesGlob(pattern: string, text: string): boolean {
  const source = pattern.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${source}$`, 's').test(text);
}
