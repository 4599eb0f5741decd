/**
 * Events as the JSON of their audit record, from `"timestamp":` on; number and chain are added when it is written.
 * Built by hand because it runs for every statement: the same spelling as protobuf's own JSON, which a test holds,
 * at a tenth of the cost.
 */
import type { Decision, Mask, Outcome, RuleInfo } from '@sluice/schemas';
import type {
  Completion,
  DecisionEvent,
  OperationEvent,
  RefusedLoginEvent,
  Session,
} from '../pipeline/ports.js';

const quoted = (text: string): string => JSON.stringify(text);

/** A member, left out when it has the default value, as protobuf JSON does. */
const text = (name: string, value: string): string => (value === '' ? '' : `"${name}":${quoted(value)},`);
const uint64 = (name: string, value: number): string =>
  value > 0 ? `"${name}":"${Number.isSafeInteger(value) ? value : BigInt(Math.trunc(value))}",` : '';
const list = (name: string, items: readonly string[]): string =>
  items.length === 0 ? '' : `"${name}":[${items.join(',')}],`;
const object = (members: string): string => `{${members.endsWith(',') ? members.slice(0, -1) : members}}`;

const OUTCOMES: Readonly<Record<Outcome, string>> = {
  allow: 'OUTCOME_ALLOW',
  require_approval: 'OUTCOME_REQUIRE_APPROVAL',
  deny: 'OUTCOME_DENY',
};

export function encodeDecision(event: DecisionEvent, nowMs: number): string {
  const { session, generation, refusal } = event;
  const decision = event.decision === undefined ? '' : `"decision":${decisionOf(event, event.decision)},`;
  return record(
    nowMs,
    'decision',
    text('decisionId', event.decisionId) +
      actorOf(session) +
      text('connection', session.connection) +
      text('protocol', session.protocol) +
      text('request', event.request) +
      list('parameters', event.parameters.map(parameter)) +
      decision +
      text('refusal', refusal?.error.code ?? '') +
      text('detail', refusal?.message ?? '') +
      text('approvalId', event.approvalId ?? '') +
      text('bundleDigest', generation?.digest ?? '') +
      uint64('generation', generation?.number ?? 0),
  );
}

export function encodeCompletion(
  decisionId: string,
  completion: Completion,
  durationUs: number,
  nowMs: number,
): string {
  return record(
    nowMs,
    'completion',
    text('decisionId', decisionId) +
      text('outcome', completion.outcome) +
      uint64('rows', completion.rows) +
      uint64('bytes', completion.bytes) +
      text('backendCode', completion.backendCode) +
      uint64('durationUs', Math.round(durationUs)),
  );
}

export function encodeRefusedLogin(event: RefusedLoginEvent, nowMs: number): string {
  return record(
    nowMs,
    'refusedLogin',
    text('connection', event.connection) +
      text('protocol', event.protocol) +
      text('clientAddress', event.clientAddress) +
      text('claimedSubject', event.claimedSubject) +
      text('claimedIssuer', event.claimedIssuer) +
      text('code', event.fault.error.code) +
      text('detail', event.fault.message),
  );
}

export function encodeOperation(event: OperationEvent, nowMs: number): string {
  return record(
    nowMs,
    'operation',
    text('operation', event.operation) +
      text('actor', event.actor) +
      text('subject', event.subject) +
      text('detail', event.detail) +
      text('code', event.code),
  );
}

const record = (nowMs: number, event: string, members: string): string =>
  `"timestamp":"${timestamp(nowMs)}","${event}":${object(members)}}`;

/** RFC 3339 as protobuf JSON writes it: no fraction when it is zero. */
export function timestamp(ms: number): string {
  const iso = new Date(ms).toISOString();
  return iso.endsWith('.000Z') ? `${iso.slice(0, -5)}Z` : iso;
}

function parameter(value: string | Uint8Array | null): string {
  if (value === null) return '{}';
  if (typeof value === 'string') return `{"text":${quoted(value)}}`;
  return `{"binary":"${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')}"}`;
}

/** The same session asks again and again: its part of the record is written once. */
const actors = new WeakMap<Session, string>();

function actorOf(session: Session): string {
  let encoded = actors.get(session);
  if (encoded === undefined) {
    encoded = `"actor":${object(
      text('issuer', session.principal.issuer) +
        text('subject', session.principal.subject) +
        list('groups', session.principal.groups.map(quoted)) +
        text('sessionId', session.id) +
        text('clientAddress', session.clientAddress) +
        text('intent', session.intent),
    )},`;
    actors.set(session, encoded);
  }
  return encoded;
}

function decisionOf(event: DecisionEvent, decision: Decision): string {
  const { columns, rowLimit, generation } = event;
  const { outcome, shadowOutcome } = decision;
  const shadow = shadowOutcome === outcome ? '' : `"shadowOutcome":"${OUTCOMES[shadowOutcome]}",`;
  return object(
    `"outcome":"${OUTCOMES[outcome]}",${shadow}` +
      list('rules', matchedRules(decision, generation?.policy.rules ?? [])) +
      list('masks', maskedColumns(decision.masks, columns)) +
      (rowLimit === undefined ? '' : `"rowLimit":"${Math.trunc(rowLimit)}",`) +
      (outcome === 'allow' ? '' : text('reason', decision.reason)),
  );
}

function matchedRules(decision: Decision, rules: readonly RuleInfo[]): string[] {
  const encoded: string[] = [];
  let last = -1;
  // Sorted by rule: one rule may match many accesses, and is named once. An allow whose condition failed did not count.
  for (const { rule: index, failed } of decision.matches) {
    const rule = rules[index];
    if (index === last || rule === undefined || (failed && rule.effect === 'allow')) continue;
    last = index;
    encoded.push(ruleOf(rule));
  }
  return encoded;
}

const encodedRules = new WeakMap<RuleInfo, string>();

function ruleOf(rule: RuleInfo): string {
  let encoded = encodedRules.get(rule);
  if (encoded === undefined) {
    const position = object(
      text('file', rule.file) +
        (rule.line > 0 ? `"line":${rule.line},` : '') +
        (rule.column > 0 ? `"column":${rule.column},` : ''),
    );
    encoded = object(
      text('id', rule.id) +
        `"effect":"EFFECT_${rule.effect.toUpperCase()}",` +
        (rule.shadow ? '"shadow":true,' : '') +
        (position === '{}' ? '' : `"position":${position},`),
    );
    encodedRules.set(rule, encoded);
  }
  return encoded;
}

function maskedColumns(masks: ReadonlyMap<number, Mask>, columns: readonly string[]): string[] {
  const encoded: string[] = [];
  for (const [index, mask] of masks) {
    encoded.push(object(`${text('column', columns[index] ?? '')}"mask":"MASK_${mask.toUpperCase()}",`));
  }
  return encoded;
}
