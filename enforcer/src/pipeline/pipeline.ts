/**
 * The life of every request, in every protocol: classify, decide, prepare, hold, limit, record. The order is
 * written here once. What comes out is a `Permit`, without which nothing is forwarded, or a `Refusal`; either
 * way an audit record is durable first. A step that throws refuses.
 */
import { createHash, randomUUID } from 'node:crypto';
import {
  FACTS_BY_NAME,
  REQUEST_ERRORS,
  type Decision,
  type ErrorDefinition,
  type Facts,
  type Reason,
  type RuleInfo,
} from '@sluice/schemas';
import { baseFacts } from './base-facts.js';
import { mintPermit, type Permit } from './permit.js';
import type { Generation, Ports, Refusal, Session } from './ports.js';
import { hintFor, messageFor } from './refusal-text.js';
import type { Classified, Fault, ProtocolRequest, Step } from './request.js';
import { termsOf, type Terms } from './terms.js';

export type Verdict<Forward> =
  | { readonly kind: 'permitted'; readonly permit: Permit<Forward> }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export type Rehearsal<Forward> =
  | {
      readonly kind: 'rehearsed';
      readonly forward: Forward;
      /** Writes the record; before it, nothing of the statement may be sent. A refusal when it cannot be written. */
      readonly record: () => Promise<Refusal | undefined>;
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** Everything that is known of a request so far; each step adds its part. */
interface Exchange<Forward> {
  readonly decisionId: string;
  readonly session: Session;
  readonly request: ProtocolRequest<Forward>;
  generation?: Generation;
  classified?: Classified;
  facts?: Facts;
  decision?: Decision;
  terms?: Terms;
  forward?: Forward;
  approvalId?: string;
}

interface Stop extends Fault {
  readonly rule?: RuleInfo | undefined;
  readonly retryAfterMs?: number;
}

type PipelineStep = <F>(exchange: Exchange<F>, ports: Ports) => Stop | undefined | Promise<Stop | undefined>;

/** The security order. `record` comes after these, for permits and refusals alike. */
const STEPS: readonly PipelineStep[] = [classify, decide, prepare, limit, hold];

/** What can be judged of a statement that is prepared now and run later, if ever. */
const REHEARSED: readonly PipelineStep[] = [classify, decide, prepare];

export async function runPipeline<Forward>(
  session: Session,
  request: ProtocolRequest<Forward>,
  ports: Ports,
): Promise<Verdict<Forward>> {
  const exchange: Exchange<Forward> = { decisionId: randomUUID(), session, request };
  const stop = await walk(STEPS, exchange, ports);
  return record(exchange, stop, ports);
}

/**
 * Judges a statement that the client only prepares. It runs nothing and spends nothing. Refused, it is recorded at
 * once; else before it is sent, by `record` or by the record of an execution: each goes through `runPipeline`.
 */
export async function rehearse<Forward>(
  session: Session,
  request: ProtocolRequest<Forward>,
  ports: Ports,
): Promise<Rehearsal<Forward>> {
  const exchange: Exchange<Forward> = { decisionId: randomUUID(), session, request };
  const stop = await walk(REHEARSED, exchange, ports);
  if (stop === undefined) {
    return {
      kind: 'rehearsed',
      forward: known(exchange.forward),
      record: () => recordRehearsal(exchange, ports),
    };
  }
  const verdict = await record(exchange, stop, ports);
  if (verdict.kind === 'refused') return verdict;
  throw new Error('a rehearsal cannot permit anything');
}

async function recordRehearsal<F>(exchange: Exchange<F>, ports: Ports): Promise<Refusal | undefined> {
  const verdict = await record(exchange, undefined, ports);
  if (verdict.kind === 'refused') return verdict.refusal;
  verdict.permit.complete({ outcome: 'prepared', rows: 0, bytes: 0, backendCode: '' });
  return undefined;
}

async function walk<F>(
  steps: readonly PipelineStep[],
  exchange: Exchange<F>,
  ports: Ports,
): Promise<Stop | undefined> {
  try {
    for (const step of steps) {
      const outcome = step(exchange, ports);
      const stop = outcome instanceof Promise ? await outcome : outcome;
      if (stop) return stop;
    }
    return undefined;
  } catch (cause) {
    // Fail closed: whatever went wrong while judging, the request is refused and recorded.
    const message = cause instanceof Error ? cause.message : String(cause);
    return { error: REQUEST_ERRORS.internal, message };
  }
}

function classify<F>(exchange: Exchange<F>, ports: Ports): Stop | undefined | Promise<Stop | undefined> {
  const generation = ports.policies.current();
  if (generation === undefined) {
    return { error: REQUEST_ERRORS.no_bundle, message: REQUEST_ERRORS.no_bundle.title };
  }
  exchange.generation = generation;
  const classified = exchange.request.classify();
  return classified instanceof Promise
    ? classified.then((step) => keepClassified(exchange, step))
    : keepClassified(exchange, classified);
}

function keepClassified<F>(exchange: Exchange<F>, step: Step<Classified>): Stop | undefined {
  if (!step.ok) return step;
  exchange.classified = step.value;
  return undefined;
}

function decide<F>(exchange: Exchange<F>, ports: Ports): Stop | undefined | Promise<Stop | undefined> {
  const costly = costlyFactsOf(exchange);
  if (costly.size === 0) return decideWith(exchange, {}, ports);
  return exchange.request.inquire(costly).then((facts) => decideWith(exchange, facts, ports));
}

const NONE: ReadonlySet<string> = new Set();

/** The facts that cost a question to the backend and that a rule this request leads to could read. */
function costlyFactsOf<F>(exchange: Exchange<F>): ReadonlySet<string> {
  const generation = known(exchange.generation);
  const costly = costlyFacts(generation);
  if (costly.size === 0) return NONE;
  const { accesses, columns } = known(exchange.classified);
  const read = generation.policy.factsFor(exchange.session.connection, accesses, columns);
  return new Set([...costly].filter((name) => read.has(name)));
}

const costlyByGeneration = new WeakMap<Generation, ReadonlySet<string>>();

/** The facts that cost a question to the backend and that some rule of this generation reads at all. */
function costlyFacts(generation: Generation): ReadonlySet<string> {
  const cached = costlyByGeneration.get(generation);
  if (cached) return cached;
  const costly = new Set([...generation.policy.facts].filter((name) => FACTS_BY_NAME.get(name)?.costly));
  costlyByGeneration.set(generation, costly);
  return costly;
}

function decideWith<F>(exchange: Exchange<F>, inquired: Facts, ports: Ports): Stop | undefined {
  const { policy } = known(exchange.generation);
  const { accesses, columns, facts } = known(exchange.classified);
  const { principal, connection } = exchange.session;
  exchange.facts = { ...baseFacts(exchange.session, ports.clock.now()), ...facts, ...inquired };
  const decision = policy.decide({
    subject: principal.subject,
    groups: principal.groups,
    connection,
    accesses,
    columns,
    facts: exchange.facts,
  });
  exchange.decision = decision;
  exchange.terms = termsOf(decision, policy.rules, accesses.length);
  if (decision.outcome !== 'deny') return undefined;
  const rule = decision.matches
    .map((match) => policy.rules[match.rule])
    .find((candidate) => candidate?.effect === 'deny' && !candidate.shadow);
  const access = accesses[decision.unpermitted];
  return { error: DENIALS[decision.reason], message: messageFor(decision, rule, access), rule };
}

const DENIALS: Readonly<Record<Reason, ErrorDefinition>> = {
  // An outcome of deny with this reason contradicts itself: refused as a fault of ours.
  allowed: REQUEST_ERRORS.internal,
  rule: REQUEST_ERRORS.denied_by_rule,
  no_rule: REQUEST_ERRORS.no_rule,
  too_many_matches: REQUEST_ERRORS.too_large,
  evaluator_failed: REQUEST_ERRORS.internal,
};

function prepare<F>(exchange: Exchange<F>): Stop | undefined {
  const prepared = exchange.request.prepare(known(exchange.decision));
  if (!prepared.ok) return prepared;
  exchange.forward = prepared.value;
  return undefined;
}

function limit<F>(exchange: Exchange<F>, ports: Ports): Stop | undefined {
  const { subject, issuer } = exchange.session.principal;
  for (const rules of known(exchange.terms).rates) {
    let retryAfterMs = Infinity;
    const granted = rules.some((rule) => {
      if (rule.rate === undefined) return true;
      const taken = ports.limiter.take(`${rule.id}\n${issuer}\n${subject}`, rule.rate);
      if (!taken.ok) retryAfterMs = Math.min(retryAfterMs, taken.retryAfterMs);
      return taken.ok;
    });
    if (granted) continue;
    const [rule] = rules;
    const seconds = Math.ceil(retryAfterMs / 1000);
    const message = `the rate limit of rule \`${rule?.id}\` is used up, retry after ${seconds} s`;
    return { error: REQUEST_ERRORS.rate_limited, message, rule, retryAfterMs };
  }
  return undefined;
}

function hold<F>(exchange: Exchange<F>, ports: Ports): undefined | Promise<Stop | undefined> {
  const decision = known(exchange.decision);
  if (decision.outcome !== 'require_approval') return undefined;
  return holdFor(exchange, known(exchange.terms).approvals, ports);
}

async function holdFor<F>(
  exchange: Exchange<F>,
  rules: readonly RuleInfo[],
  ports: Ports,
): Promise<Stop | undefined> {
  const { session, request } = exchange;
  if (rules.length === 0) throw new Error('an approval is asked for by no rule');
  const estimate = exchange.facts?.['sql.estimated_rows'];
  const answer = await ports.approvals.hold(
    {
      digest: approvalDigest(exchange),
      session,
      request: request.text,
      estimatedRows: typeof estimate === 'bigint' ? Number(estimate) : undefined,
      rules,
    },
    (id) => request.waiting(id),
    request.signal,
  );
  exchange.approvalId = answer.id;
  const [rule] = rules;
  if (answer.kind === 'pending') {
    const message = `rule \`${rule?.id}\` asks for approval: ${answer.id} is waiting for an answer`;
    return { error: REQUEST_ERRORS.approval_pending, message, rule };
  }
  if (answer.kind === 'denied') {
    const message = `${answer.by} denied approval ${answer.id}: ${answer.reason}`;
    return { error: REQUEST_ERRORS.approval_denied, message, rule };
  }
  // The world may have moved while a person was thinking: what was approved is decided again, as of now.
  return redecide(exchange, ports);
}

async function redecide<F>(exchange: Exchange<F>, ports: Ports): Promise<Stop | undefined> {
  const before = { digest: known(exchange.generation).digest, forward: exchange.forward };
  const stop =
    (await classify(exchange, ports)) ??
    decideWith(exchange, costlyOf(exchange.facts), ports) ??
    prepare(exchange);
  if (stop) return stop;
  if (known(exchange.generation).digest === before.digest) return undefined;
  const message = 'the policy changed while this request waited for approval';
  return { error: REQUEST_ERRORS.changed_since_prepared, message };
}

const costlyOf = (facts: Facts = {}): Facts =>
  Object.fromEntries(Object.entries(facts).filter(([name]) => FACTS_BY_NAME.get(name)?.costly));

/** Binds an approval to exactly this: who, where, what, with which parameters and settings, under which bundle. */
function approvalDigest<F>(exchange: Exchange<F>): string {
  const { session, request } = exchange;
  const parameters = request.parameters.map((value) =>
    value === null
      ? null
      : typeof value === 'string'
        ? ['text', value]
        : ['binary', Buffer.from(value).toString('base64')],
  );
  const parts = [
    session.principal.issuer,
    session.principal.subject,
    session.connection,
    request.text,
    parameters,
    request.settings,
    known(exchange.generation).digest,
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

async function record<F>(exchange: Exchange<F>, stop: Stop | undefined, ports: Ports): Promise<Verdict<F>> {
  const { decisionId, session, request, classified, decision, terms, generation, approvalId } = exchange;
  const refusal = stop && refusalOf(exchange, stop);
  try {
    await ports.audit.decision({
      decisionId,
      session,
      request: request.text,
      parameters: request.parameters,
      decision,
      columns: classified?.columns ?? [],
      rowLimit: terms?.rows,
      refusal,
      approvalId,
      generation,
      durable: stop === undefined && (classified?.writes === true || approvalId !== undefined),
    });
  } catch {
    // Fail closed: no audit, no traffic. The original refusal, if any, is refused all the same.
    const error = REQUEST_ERRORS.audit_unavailable;
    return { kind: 'refused', refusal: refusalOf(exchange, { error, message: error.title }) };
  }
  if (refusal) return { kind: 'refused', refusal };
  const permit = mintPermit<F>({
    decisionId,
    decision: known(decision),
    generation: known(generation),
    forward: known(exchange.forward),
    rowLimit: terms?.rows,
    audit: ports.audit,
    clock: ports.clock,
  });
  return { kind: 'permitted', permit };
}

function refusalOf<F>(exchange: Exchange<F>, stop: Stop): Refusal {
  const { decisionId, approvalId } = exchange;
  return {
    error: stop.error,
    message: stop.message,
    hint: hintFor(stop.error, decisionId, stop.rule, approvalId),
    decisionId,
    ...(stop.rule && { rule: stop.rule }),
    ...(approvalId !== undefined && { approvalId }),
    ...(stop.retryAfterMs !== undefined && { retryAfterMs: stop.retryAfterMs }),
  };
}

/** A step ran before the one that fills this in: a mistake in the order of steps, caught as a refusal. */
function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a pipeline step ran out of order');
  return value;
}
