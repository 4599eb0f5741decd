/** What would become of one request: classified and decided by the code that does it in production. */
import { termsOf, type LoadedPolicy } from '@sluice/engine';
import { classifySql, type Catalog } from '@sluice/facts';
import {
  REQUEST_ERRORS,
  type Decision,
  type DecisionRequest,
  type ErrorDefinition,
  type Facts,
  type Mask,
  type Match,
  type Outcome,
  type RuleInfo,
} from '@sluice/schemas';

/** A request as an agent would send it, and who it is. */
export interface TestRequest {
  readonly subject: string;
  readonly groups: readonly string[];
  readonly issuer: string;
  readonly intent: string;
  readonly connection: string;
  readonly sql: string;
  /** Facts that only a clock or a running backend would know. */
  readonly facts: Facts;
}

export interface Judgement {
  readonly outcome: Outcome;
  /** Absent for an allow. */
  readonly error: ErrorDefinition | undefined;
  readonly message: string;
  /** Rules that matched and count: enforced, not implied, not failed allows; by name, each once. */
  readonly deciding: readonly RuleInfo[];
  readonly matches: readonly Match[];
  readonly masks: ReadonlyMap<string, Mask>;
  readonly rows: number | undefined;
  /** Undefined when the request was refused before it could be decided. */
  readonly request: DecisionRequest | undefined;
  readonly decision: Decision | undefined;
  /** What the backend would be sent; undefined when nothing would be. */
  readonly rewritten: string | undefined;
}

/** When a case does not say: a Monday at noon, in a session that just began. */
const CLOCK_FACTS: Facts = { 'request.hour': 12n, 'request.weekday': 1n, 'session.age_seconds': 0n };

export function judge(policy: LoadedPolicy, catalog: Catalog, asked: TestRequest): Judgement {
  const classified = classifySql(asked.sql, catalog);
  if (!classified.ok) return refusedBefore(classified.error, classified.message);
  const { accesses, columns, facts } = classified.value;
  const request: DecisionRequest = {
    subject: asked.subject,
    groups: asked.groups,
    connection: asked.connection,
    accesses: accesses.length > 0 ? accesses : [{ action: 'connect', resource: asked.connection }],
    columns,
    facts: {
      'principal.subject': asked.subject,
      'principal.groups': asked.groups,
      'principal.issuer': asked.issuer,
      'session.intent': asked.intent,
      'connection.name': asked.connection,
      ...CLOCK_FACTS,
      ...facts,
      ...asked.facts,
    },
  };
  const decision = policy.decide(request);
  const judgement: Judgement = {
    outcome: decision.outcome,
    ...reasonOf(policy, request, decision),
    deciding: decidingRules(policy, decision),
    matches: decision.matches,
    masks: new Map([...decision.masks].map(([index, mask]) => [columns[index] ?? '', mask])),
    rows: termsOf(decision, policy.rules, request.accesses.length).rows,
    request,
    decision,
    rewritten: undefined,
  };
  if (decision.outcome === 'deny') return { ...judgement, rows: undefined };
  const rewritten = classified.value.rewrite(decision.masks);
  if (rewritten.ok) return { ...judgement, rewritten: rewritten.value.text };
  // What cannot be masked soundly is refused, whatever the rules say.
  const { error, message } = rewritten;
  return { ...judgement, outcome: 'deny', error, message, rows: undefined };
}

function refusedBefore(error: ErrorDefinition, message: string): Judgement {
  return {
    outcome: 'deny',
    error,
    message,
    deciding: [],
    matches: [],
    masks: new Map(),
    rows: undefined,
    request: undefined,
    decision: undefined,
    rewritten: undefined,
  };
}

function reasonOf(
  policy: LoadedPolicy,
  request: DecisionRequest,
  decision: Decision,
): { readonly error: ErrorDefinition | undefined; readonly message: string } {
  if (decision.outcome === 'allow') return { error: undefined, message: '' };
  if (decision.outcome === 'require_approval') {
    return { error: REQUEST_ERRORS.approval_pending, message: REQUEST_ERRORS.approval_pending.title };
  }
  const access = request.accesses[decision.unpermitted];
  if (decision.reason === 'no_rule' && access) {
    const message = `no rule permits \`${access.action}\` on \`${access.resource}\``;
    return { error: REQUEST_ERRORS.no_rule, message };
  }
  if (decision.reason !== 'rule') {
    return { error: REQUEST_ERRORS.internal, message: `the request is denied: ${decision.reason}` };
  }
  const denying = decidingRules(policy, decision).find(({ effect }) => effect === 'deny');
  return {
    error: REQUEST_ERRORS.denied_by_rule,
    message: denying?.message || REQUEST_ERRORS.denied_by_rule.title,
  };
}

/** A failed allow permits nothing; an implied rule is not the author's; a shadow rule decides nothing. */
function decidingRules(policy: LoadedPolicy, decision: Decision): readonly RuleInfo[] {
  const indexes = decision.matches.flatMap(({ rule, failed }) => {
    const info = policy.rules[rule];
    if (!info || info.shadow || info.implied || (failed && info.effect === 'allow')) return [];
    return [rule];
  });
  return [...new Set(indexes)].flatMap((index) => policy.rules[index] ?? []);
}
