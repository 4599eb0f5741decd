/**
 * From the backend to the client. Each message is looked up in the table below and understood through what is
 * owed at the head of the queue; most are forwarded as the bytes they came in, many in one slice.
 */
import { REQUEST_ERRORS, type ErrorDefinition } from '@sluice/schemas';
import type { Catalog } from '@sluice/facts';
import {
  decodeParameterStatus,
  decodeReport,
  decodeRowDescription,
  decodeStatus,
  decodeTag,
  type ReportFields,
} from '../codec/backend-messages.js';
import type { Body } from '../codec/client-messages.js';
import { MessageReader } from '../codec/message-reader.js';
import { BACKEND, typeName } from '../codec/message-types.js';
import { copyFail } from '../codec/message-writer.js';
import { encodeReport } from '../codec/report.js';
import { nullFields } from '../results/null-fields.js';
import { breaksJudgement, isTold } from '../results/parameter-status.js';
import type { Provenance } from '../results/provenance.js';
import { mapReportPosition, scrubReport } from '../results/scrub-report.js';
import type { Conversation } from './conversation.js';
import { cutReport } from './cut-report.js';
import { sentOf, takeBack, type Expectation, type ExpectationKind } from './expectations.js';
import type { Outlet } from './outlet.js';
import type { Run } from './run.js';

/** The backend said something that cannot be understood or believed: the session must end. */
export class BackendViolation extends Error {
  override readonly name = 'BackendViolation';
}

export interface RepliesOptions {
  readonly talk: Conversation;
  readonly client: Outlet;
  readonly backend: Outlet;
  readonly provenance: Provenance;
  readonly catalog: () => Catalog | undefined;
  readonly messageLimitBytes: number;
  /** A result is cut off: stop the backend, if nothing else could be hit by it. */
  readonly cancel: () => void;
}

/** What the client gets for a message: the message itself, nothing, or another one. */
type Answer = typeof FORWARD | typeof DROP | Buffer;
const FORWARD = Symbol('forward');
const DROP = Symbol('drop');

type Handle = (replies: Replies, head: Expectation | undefined, body: Body) => Answer;
const ANY = 'any';

interface Row {
  readonly owed: readonly ExpectationKind[] | typeof ANY;
  readonly handle: Handle;
}

// prettier-ignore
const TABLE: ReadonlyMap<number, Row> = new Map([
  // message                       owed at the head                               what happens
  [BACKEND.parseComplete,        { owed: ['parse'],                       handle: confirm }],
  [BACKEND.bindComplete,         { owed: ['bind'],                        handle: confirm }],
  [BACKEND.closeComplete,        { owed: ['close'],                       handle: confirm }],
  [BACKEND.parameterDescription, { owed: ['describe'],                    handle: forwardUnlessSilent }],
  [BACKEND.rowDescription,       { owed: ['describe', 'query'],           handle: describe }],
  [BACKEND.noData,               { owed: ['describe'],                    handle: describeNothing }],
  [BACKEND.dataRow,              { owed: ['execute', 'query'],            handle: row }],
  [BACKEND.commandComplete,      { owed: ['execute', 'query'],            handle: endStatement }],
  [BACKEND.emptyQuery,           { owed: ['execute', 'query'],            handle: endStatement }],
  [BACKEND.portalSuspended,      { owed: ['execute'],                     handle: endStatement }],
  [BACKEND.copyIn,               { owed: ['execute', 'query'],            handle: refuseCopyIn }],
  [BACKEND.copyOut,              { owed: ['execute', 'query'],            handle: refuseCopyOut }],
  [BACKEND.copyData,             { owed: ['execute', 'query'],            handle: drop }],
  [BACKEND.copyDone,             { owed: ['execute', 'query'],            handle: drop }],
  [BACKEND.readyForQuery,        { owed: ['sync', 'query', 'poisonQuery'], handle: ready }],
  [BACKEND.error,                { owed: ANY,                             handle: fail }],
  [BACKEND.notice,               { owed: ANY,                             handle: notice }],
  [BACKEND.parameterStatus,      { owed: ANY,                             handle: parameterStatus }],
  [BACKEND.notification,         { owed: ANY,                             handle: drop }],
] satisfies [number, Row][]);

export class Replies {
  readonly #reader: MessageReader;
  readonly talk: Conversation;
  /** The backend said why it ends; nothing needs to be added when it does. */
  saidFatal = false;

  constructor(readonly options: RepliesOptions) {
    this.talk = options.talk;
    this.#reader = new MessageReader(() => options.messageLimitBytes);
  }

  /** Throws `BackendViolation` or `MalformedBody`: then the session must end. */
  take(chunk: Buffer): void {
    const reader = this.#reader;
    const { client, backend } = this.options;
    reader.feed(chunk);
    // The run of bytes that is forwarded as it is.
    let from: Buffer = chunk;
    let start = 0;
    let end = 0;
    const forward = (): void => {
      if (end > start) client.push(from.subarray(start, end));
      start = end;
    };
    for (;;) {
      const outcome = reader.next();
      if (outcome === 'more') break;
      if (outcome !== 'message') {
        throw new BackendViolation(`the backend sent a message of ${reader.lengthBytes} bytes`);
      }
      const answer = this.#answer();
      if (answer === FORWARD && reader.buffer === from && reader.start === end) {
        end = reader.end;
        continue;
      }
      forward();
      from = reader.buffer;
      start = end = reader.end;
      if (answer === FORWARD) start = reader.start;
      else if (answer !== DROP) client.push(answer);
    }
    forward();
    client.flush();
    backend.flush();
  }

  #answer(): Answer {
    const { type, buffer, start, end } = this.#reader;
    const head = this.talk.expectations.head;
    const entry = TABLE.get(type);
    if (entry === undefined || !fits(entry, head)) {
      const owed = head?.kind ?? 'nothing';
      throw new BackendViolation(`the backend sent \`${typeName(type)}\` when ${owed} was expected`);
    }
    const suppressed = this.talk.suppressing && type !== BACKEND.readyForQuery;
    const answer = entry.handle(this, head, { buffer, start: start + 5, end });
    return suppressed && !this.saidFatal ? DROP : answer;
  }

  /** What may be said of an error or notice, or undefined when it may be said as it is. */
  censored(fields: ReportFields, head: Expectation | undefined): ReportFields | undefined {
    const sent = sentOf(head);
    const scrubs = sent?.touchesMasked === true || this.talk.transactionTouchedMasked;
    const mapped = sent ? mapReportPosition(fields, (position) => sent.mapPosition(position)) : fields;
    if (scrubs) return scrubReport(mapped);
    return mapped.get('P') === fields.get('P') ? undefined : mapped;
  }

  /** Ends a result that may not go on; what the client is told instead waits for the end of the statement. */
  cut(run: Run, error: ErrorDefinition, message: string): void {
    const outcome = error === REQUEST_ERRORS.row_limited ? 'limited' : 'error';
    run.cutOff(cutReport(run.permit, error, message), outcome);
  }
}

const fits = ({ owed }: Row, head: Expectation | undefined): boolean =>
  owed === ANY || (head !== undefined && owed.includes(head.kind));

function confirm({ talk }: Replies, head: Expectation | undefined): Answer {
  if (head !== undefined && 'change' in head) head.change.confirm();
  talk.expectations.pop();
  return FORWARD;
}

function forwardUnlessSilent(_: Replies, head: Expectation | undefined): Answer {
  return head?.kind === 'describe' && head.silent ? DROP : FORWARD;
}

function describe(replies: Replies, head: Expectation | undefined, body: Body): Answer {
  const fields = decodeRowDescription(body);
  if (head?.kind === 'query') {
    head.run.shape.fields = fields;
    head.run.masked = undefined;
    return head.run.cut ? DROP : FORWARD;
  }
  if (head?.kind === 'describe') head.shape.fields = fields;
  replies.talk.expectations.pop();
  return forwardUnlessSilent(replies, head);
}

function describeNothing(replies: Replies, head: Expectation | undefined): Answer {
  if (head?.kind === 'describe') head.shape.fields = [];
  replies.talk.expectations.pop();
  return forwardUnlessSilent(replies, head);
}

function row(replies: Replies, head: Expectation | undefined, body: Body): Answer {
  const run = runOf(head);
  if (run.cut) return DROP;
  run.masked ??= maskedFields(replies, run);
  if (run.cut) return DROP;
  const start = body.start - 5;
  if (!run.countRow(body.end - start)) {
    const limit = run.permit.rowLimit;
    replies.cut(
      run,
      REQUEST_ERRORS.row_limited,
      `the result has more than the ${limit} rows that are permitted`,
    );
    replies.options.cancel();
    return DROP;
  }
  return run.masked.size === 0 ? FORWARD : nullFields(body.buffer, start, body.end, run.masked);
}

/** The third key; see `provenance.ts`. Rows of which nobody said where they come from are not shown. */
function maskedFields(replies: Replies, run: Run): ReadonlySet<number> {
  const { provenance, catalog } = replies.options;
  const { fields } = run.shape;
  if (fields === undefined) throw new BackendViolation('the backend sent a row without saying of what');
  const origins = provenance.judge(fields, run.permit.generation, catalog(), run.facts);
  if (origins.kind === 'known') return origins.masked;
  const message = 'the result comes from a relation that is not in the catalog';
  replies.cut(run, REQUEST_ERRORS.unknown_relation, message);
  replies.options.cancel();
  return new Set();
}

function endStatement(replies: Replies, head: Expectation | undefined, body: Body): Answer {
  const { talk } = replies;
  const run = runOf(head);
  talk.transactionTouchedMasked ||= run.touchesMasked;
  if (forgetsNames(body)) talk.forgetNames();
  if (head?.kind === 'execute') {
    run.complete();
    talk.expectations.pop();
  }
  return run.cut ? cutAnswer(replies, run.cut) : FORWARD;
}

function cutAnswer({ talk }: Replies, cut: Buffer): Buffer {
  talk.suppressing = true;
  // The client now skips to its Sync, unless it sent that already.
  const synced = talk.expectations.all.some(({ kind }) => kind === 'sync' || kind === 'query');
  if (!synced) talk.skipping = true;
  return cut;
}

/** `DEALLOCATE`, `DEALLOCATE ALL`, `DISCARD ALL`: a name that is free again may come to mean something else. */
function forgetsNames(body: Body): boolean {
  // The other ends of a statement have no body.
  if (body.start === body.end || body.buffer[body.start] !== 0x44) return false;
  return /^(DEALLOCATE|DISCARD)/.test(decodeTag(body));
}

function refuseCopyIn(replies: Replies, head: Expectation | undefined): Answer {
  replies.cut(runOf(head), REQUEST_ERRORS.unsupported, 'COPY is not supported');
  replies.options.backend.push(copyFail('COPY is not supported'));
  return DROP;
}

function refuseCopyOut(replies: Replies, head: Expectation | undefined): Answer {
  replies.cut(runOf(head), REQUEST_ERRORS.unsupported, 'COPY is not supported');
  replies.options.cancel();
  return DROP;
}

function ready({ talk }: Replies, head: Expectation | undefined, body: Body): Answer {
  if (head?.kind === 'query') head.run.complete();
  talk.expectations.pop();
  talk.suppressing = false;
  if (decodeStatus(body) === IDLE) talk.endTransaction(head?.segment ?? 0);
  return FORWARD;
}

const IDLE = 'I'.charCodeAt(0);

function fail(replies: Replies, head: Expectation | undefined, body: Body): Answer {
  const { talk } = replies;
  const fields = decodeReport(body);
  const censored = replies.censored(fields, head);
  const shown = censored ? encodeReport(BACKEND.error, censored) : FORWARD;
  const code = fields.get('C') ?? '';
  if (isFatal(fields)) {
    replies.saidFatal = true;
    if (head && 'run' in head) head.run.failed(code);
    return shown;
  }
  if (head === undefined) throw new BackendViolation('the backend sent an error when nothing was asked');
  if ('run' in head) {
    head.run.failed(code);
    talk.transactionTouchedMasked ||= head.run.touchesMasked;
  }
  if (head.kind === 'poisonQuery') return head.report;
  if (head.kind === 'query') return head.run.cut ? cutAnswer(replies, head.run.cut) : shown;
  if (head.kind === 'sync') return shown;
  skip(talk);
  if (head.kind === 'poison') return head.report;
  return head.kind === 'execute' && head.run.cut ? head.run.cut : shown;
}

/** The backend is skipping to the next Sync: what was sent before it never happened. */
function skip(talk: Conversation): void {
  for (const skipped of talk.expectations.skipToSync().toReversed()) {
    takeBack(skipped);
    if ('run' in skipped) skipped.run.complete('error');
  }
  if (talk.expectations.isEmpty) talk.skipping = true;
}

const isFatal = (fields: ReportFields): boolean => {
  const severity = fields.get('V') ?? fields.get('S');
  return severity === 'FATAL' || severity === 'PANIC';
};

function notice(replies: Replies, head: Expectation | undefined, body: Body): Answer {
  const censored = replies.censored(decodeReport(body), head);
  return censored ? encodeReport(BACKEND.notice, censored) : FORWARD;
}

function parameterStatus({ talk }: Replies, head: Expectation | undefined, body: Body): Answer {
  const { name, value } = decodeParameterStatus(body);
  if (breaksJudgement(name, value)) {
    throw new BackendViolation(`the backend changed \`${name}\`, on which every judgement rests`);
  }
  // A value that was set from a masked column would leave this way.
  const scrubs = talk.transactionTouchedMasked || sentOf(head)?.touchesMasked === true;
  return isTold(name) && !scrubs ? FORWARD : DROP;
}

function drop(): Answer {
  return DROP;
}

function runOf(head: Expectation | undefined): Run {
  if (head === undefined || !('run' in head)) throw new BackendViolation('a result nobody asked for');
  return head.run;
}
