/** Rules that have no effect because another one always decides: contradictions, unreachable and redundant rules. */
import { AUTHORING_ERRORS, MASKS } from '@sluice/schemas';
import { diagnose, type Diagnostic } from '@sluice/schemas/diagnostics';
import { originAt } from '@sluice/schemas/yaml';
import type { Model, Rule } from '../model/model.js';
import { covers } from './glob-cover.js';
import { namesOf, RuleIndex } from './rule-index.js';

type Finding = 'contradiction' | 'unreachable_rule' | 'redundant_rule';

export function* coveredRules(model: Model): Iterable<Diagnostic> {
  const index = new RuleIndex(model);
  for (const policy of model.policies) {
    for (const rule of policy.rules) {
      const found = coverOf(rule, index);
      if (!found) continue;
      const { by, finding } = found;
      const origin = originAt(policy.document.yaml, [...rule.path, 'id']);
      yield diagnose(AUTHORING_ERRORS[finding], origin, sentence(rule, by, finding));
    }
  }
}

/** The worst that any other rule does to this one. */
function coverOf(rule: Rule, index: RuleIndex): { readonly by: Rule; readonly finding: Finding } | undefined {
  let worst: { readonly by: Rule; readonly finding: Finding } | undefined;
  for (const other of index.candidates(rule)) {
    const finding = findingFor(rule, other);
    if (finding === undefined || !coversRule(other, rule)) continue;
    if (finding !== 'redundant_rule') return { by: other, finding };
    // Of two rules that say the same, only one is too many.
    if (other.id > rule.id && findingFor(other, rule) === finding && coversRule(rule, other)) continue;
    worst ??= { by: other, finding };
  }
  return worst;
}

/** What it would mean for `rule` if `other` covered it; undefined when both keep their effect. */
function findingFor(rule: Rule, other: Rule): Finding | undefined {
  if (rule.effect === 'mask' || other.effect === 'mask') {
    if (rule.effect !== other.effect) return undefined;
    return strictness(other) >= strictness(rule) ? 'redundant_rule' : undefined;
  }
  if (rule.effect === 'deny') {
    const saysTheSame = rule.message === '' || rule.message === other.message;
    return other.effect === 'deny' && saysTheSame ? 'redundant_rule' : undefined;
  }
  if (other.effect === 'deny') return rule.effect === 'allow' ? 'contradiction' : 'unreachable_rule';
  if (rule.effect === 'allow') {
    if (other.effect === 'require_approval') return 'unreachable_rule';
    return isAsGenerous(other, rule) ? 'redundant_rule' : undefined;
  }
  return other.effect === 'require_approval' && sameTerms(rule, other) ? 'redundant_rule' : undefined;
}

const strictness = (rule: Rule): number => (rule.mask === undefined ? -1 : MASKS.indexOf(rule.mask));

/** The most generous rule counts, so one with lower limits adds nothing. */
function isAsGenerous(other: Rule, rule: Rule): boolean {
  const perSecond = ({ rate }: Rule): number => (rate ? rate.count / rate.windowSeconds : Infinity);
  return (other.rows ?? Infinity) >= (rule.rows ?? Infinity) && perSecond(other) >= perSecond(rule);
}

const sameTerms = (a: Rule, b: Rule): boolean =>
  JSON.stringify([a.approval, a.rows, a.rate]) === JSON.stringify([b.approval, b.rows, b.rate]);

/** Subjects and connections were compared when the candidate was found. */
function coversRule(outer: Rule, inner: Rule): boolean {
  if (outer.condition !== undefined && outer.condition.cel !== inner.condition?.cel) return false;
  const actions = new Set(outer.actions);
  if (!actions.has('*') && !inner.actions.every((action) => actions.has(action))) return false;
  const names = namesOf(outer);
  const literals = new Set(names);
  return namesOf(inner).every((name) => literals.has(name) || names.some((pattern) => covers(pattern, name)));
}

function sentence(rule: Rule, by: Rule, finding: Finding): string {
  const where = by.policy === rule.policy ? '' : ` in \`${by.policy.document.file}\``;
  if (finding === 'contradiction') {
    return `the rule \`${rule.id}\` allows nothing: \`${by.id}\`${where} denies all of it`;
  }
  if (finding === 'unreachable_rule') {
    const does = by.effect === 'deny' ? 'denies' : 'requires approval for';
    return `the rule \`${rule.id}\` never decides: \`${by.id}\`${where} ${does} all of it`;
  }
  return `the rule \`${rule.id}\` adds nothing: \`${by.id}\`${where} already says it`;
}
