import type { Decision, RuleInfo } from '@sluice/schemas';

/**
 * The terms on which a request is permitted. Each access is permitted by the rules that match it; the most
 * generous of them counts, so that taking a permission away never gives more. Over several accesses the
 * strictest counts. A rule without a limit is the most generous.
 */
export interface Terms {
  /** Most rows of the reply; undefined for no limit. */
  readonly rows: number | undefined;
  /** For each access that is rate limited: the rules, most generous first, of which one must have budget left. */
  readonly rates: readonly (readonly RuleInfo[])[];
  /** Every enforced rule that asks for an approval. */
  readonly approvals: readonly RuleInfo[];
}

export function termsOf(decision: Decision, rules: readonly RuleInfo[], accesses: number): Terms {
  const permits: RuleInfo[][] = Array.from({ length: accesses }, () => []);
  const gates: RuleInfo[][] = Array.from({ length: accesses }, () => []);
  for (const match of decision.matches) {
    const rule = rules[match.rule];
    if (rule === undefined || rule.shadow || rule.implied) continue;
    if (rule.effect === 'allow' && !match.failed) permits[match.target]?.push(rule);
    if (rule.effect === 'require_approval') gates[match.target]?.push(rule);
  }
  let rows: number | undefined;
  const rates: RuleInfo[][] = [];
  for (let access = 0; access < accesses; access++) {
    const gate = gates[access] ?? [];
    const deciding = gate.length > 0 ? gate : (permits[access] ?? []);
    if (deciding.length === 0) continue;
    if (deciding.every((rule) => rule.rows !== undefined)) {
      const most = Math.max(...deciding.map((rule) => rule.rows ?? Infinity));
      rows = Math.min(rows ?? Infinity, most);
    }
    if (deciding.every((rule) => rule.rate !== undefined)) rates.push([...deciding].sort(byGenerosity));
  }
  return { rows, rates: distinct(rates), approvals: [...new Set(gates.flat())] };
}

const perSecond = (rule: RuleInfo): number =>
  rule.rate ? rule.rate.count / rule.rate.windowSeconds : Infinity;
const byGenerosity = (a: RuleInfo, b: RuleInfo): number =>
  perSecond(b) - perSecond(a) || (a.id < b.id ? -1 : 1);

/** A request of five accesses under one rule is one request to that rule's rate. */
function distinct(rates: readonly RuleInfo[][]): RuleInfo[][] {
  const seen = new Map(rates.map((rules) => [rules.map((rule) => rule.id).join('\n'), rules]));
  return [...seen.values()];
}
