/**
 * From the client to the backend. Each message is looked up in the table below; messages are taken one at a
 * time, because one must be judged before it is known what the next one means. What each does is in
 * `handle-message.ts`.
 */
import { REQUEST_ERRORS, type ErrorDefinition, type Facts } from '@sluice/schemas';
import { baseFacts, rehearse, runPipeline, type Permit, type Refusal } from '../../pipeline/index.js';
import { MalformedBody } from '../codec/body-reader.js';
import { MessageReader } from '../codec/message-reader.js';
import { FRONTEND, typeName } from '../codec/message-types.js';
import { report } from '../codec/report.js';
import { SMALL_LIMIT_BYTES, type PostgresLimits } from '../limits.js';
import { QUERY_CANCELED, UNKNOWN_PORTAL, UNKNOWN_STATEMENT } from '../sqlstates.js';
import type { Rewritten } from './classify-sql.js';
import type { Conversation } from './conversation.js';
import type { Expectation } from './expectations.js';
import * as handle from './handle-message.js';
import type { Handling, Message, Replacement } from './handle-message.js';
import type { NameTable } from './name-table.js';
import type { Outlet } from './outlet.js';
import { Preparations } from './preparations.js';
import { poisonParse, poisonQuery, refusalReport } from './refusal-report.js';
import type { RequestsOptions } from './requests-options.js';
import { Run } from './run.js';
import { FaultyRequest, SqlRequest } from './sql-request.js';
import type { Portal, ResultShape } from './statement.js';

interface Row {
  readonly name: string;
  readonly limitBytes: (limits: PostgresLimits) => number;
  /** After an error: dropped until Sync, as the backend does, or handled all the same. */
  readonly afterError: 'drop' | 'handle';
  readonly refusedBy: Replacement;
  readonly handle: (handling: Handling, message: Message) => void | Promise<void>;
}

const small = (): number => SMALL_LIMIT_BYTES;
const asQuery = ({ queryBytes }: PostgresLimits): number => queryBytes;
const asBind = ({ bindBytes }: PostgresLimits): number => bindBytes;

// prettier-ignore
const TABLE: ReadonlyMap<number, Row> = new Map([
  // message                    name                     at most              after an error        refused by          what happens
  [FRONTEND.query,        { name: 'Query',        limitBytes: asQuery, afterError: 'drop',   refusedBy: 'query', handle: handle.runQuery }],
  [FRONTEND.parse,        { name: 'Parse',        limitBytes: asQuery, afterError: 'drop',   refusedBy: 'parse', handle: handle.prepareStatement }],
  [FRONTEND.bind,         { name: 'Bind',         limitBytes: asBind,  afterError: 'drop',   refusedBy: 'parse', handle: handle.bindPortal }],
  [FRONTEND.describe,     { name: 'Describe',     limitBytes: small,   afterError: 'drop',   refusedBy: 'parse', handle: handle.describe }],
  [FRONTEND.execute,      { name: 'Execute',      limitBytes: small,   afterError: 'drop',   refusedBy: 'parse', handle: handle.executePortal }],
  [FRONTEND.close,        { name: 'Close',        limitBytes: small,   afterError: 'drop',   refusedBy: 'parse', handle: handle.close }],
  [FRONTEND.flush,        { name: 'Flush',        limitBytes: small,   afterError: 'drop',   refusedBy: 'none',  handle: handle.flush }],
  [FRONTEND.sync,         { name: 'Sync',         limitBytes: small,   afterError: 'handle', refusedBy: 'none',  handle: handle.sync }],
  [FRONTEND.terminate,    { name: 'Terminate',    limitBytes: small,   afterError: 'handle', refusedBy: 'none',  handle: handle.terminate }],
  [FRONTEND.functionCall, { name: 'FunctionCall', limitBytes: asBind,  afterError: 'drop',   refusedBy: 'query', handle: handle.refuseFunctionCall }],
] satisfies [number, Row][]);

const CANCELLED = report({
  severity: 'ERROR',
  sqlstate: QUERY_CANCELED,
  message: 'canceled while waiting for approval',
});

export class Requests implements Handling {
  readonly talk: Conversation;
  readonly backend: Outlet;
  readonly preparations: Preparations;
  readonly #reader: MessageReader;
  readonly #inbox: Buffer[] = [];
  #inboxBytes = 0;
  #pumping = false;

  constructor(readonly options: RequestsOptions) {
    this.talk = options.talk;
    this.backend = options.backend;
    this.preparations = new Preparations(options.talk, options.backend);
    // A type that is not in the table gets no room: its first bytes show that it is unknown.
    this.#reader = new MessageReader(
      (type) => TABLE.get(type)?.limitBytes(options.limits) ?? SMALL_LIMIT_BYTES,
    );
  }

  /** Bytes that wait to be judged. */
  get inboxBytes(): number {
    return this.#inboxBytes;
  }

  get isIdle(): boolean {
    return !this.#pumping && this.#inboxBytes === 0;
  }

  /** Resolves when everything that came so far is dealt with, or is being dealt with by an earlier call. */
  async take(chunk: Buffer): Promise<void> {
    this.#inbox.push(chunk);
    this.#inboxBytes += chunk.length;
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (!this.options.isOver() && (await this.#step()));
    } catch (cause) {
      await this.#violation(cause);
    } finally {
      this.#pumping = false;
    }
  }

  /** False when all input is used up. */
  async #step(): Promise<boolean> {
    const outcome = this.#reader.next();
    if (outcome === 'more') {
      const chunk = this.#inbox.shift();
      if (chunk === undefined) {
        this.backend.flush();
        return false;
      }
      this.#inboxBytes -= chunk.length;
      this.#reader.feed(chunk);
      return true;
    }
    if (outcome === 'broken') throw new MalformedBody('a message has an impossible length');
    if (this.talk.cancelling) await this.talk.cancelling;
    if (this.backend.isFull) await this.backend.drained();
    const { type, buffer, start, end, lengthBytes } = this.#reader;
    const row = TABLE.get(type);
    if (row === undefined) throw new MalformedBody(`the message type \`${typeName(type)}\` is not known`);
    if (this.talk.skipping && row.afterError === 'drop') return true;
    if (outcome === 'oversized') {
      const limit = row.limitBytes(this.options.limits);
      const message = `a ${row.name} message of ${lengthBytes} bytes is larger than the ${limit} that are permitted`;
      await this.#refuseMessage(row, { error: REQUEST_ERRORS.too_large, message });
      return true;
    }
    const message = { buffer, start: start + 5, end, raw: buffer.subarray(start, end) };
    const step = row.handle(this, message);
    if (step) await step;
    return true;
  }

  /** Refuses a message for what it is, recorded like any other refusal. */
  async #refuseMessage(
    row: Pick<Row, 'name' | 'refusedBy'>,
    fault: { readonly error: ErrorDefinition; readonly message: string },
  ): Promise<void> {
    const { session, ports } = this.options;
    const verdict = await rehearse(session, new FaultyRequest(fault, `<${row.name} message>`), ports);
    if (verdict.kind !== 'refused') throw new Error('a faulty message was not refused');
    const fatal = row.refusedBy === 'none' || verdict.refusal.error.refusal === 'protocol_violation';
    if (fatal) this.options.end(refusalReport(verdict.refusal, 'FATAL'));
    else await this.refuse(row.refusedBy, verdict.refusal);
  }

  /** Fails closed: what the client sent cannot be understood, or handling it failed; nothing more is taken of it. */
  async #violation(cause: unknown): Promise<void> {
    const malformed = cause instanceof MalformedBody;
    const error = malformed ? REQUEST_ERRORS.protocol_violation : REQUEST_ERRORS.internal;
    const message = malformed ? cause.message : error.title;
    await this.#refuseMessage({ name: 'unreadable', refusedBy: 'none' }, { error, message });
  }

  async refuseUnsupported(message: string): Promise<void> {
    const row = { name: 'FunctionCall', refusedBy: 'query' } as const;
    await this.#refuseMessage(row, { error: REQUEST_ERRORS.unsupported, message });
  }

  async refuseTooMany(name: string): Promise<void> {
    const message = `there are ${this.options.limits.statements} open statements or portals already`;
    await this.#refuseMessage({ name, refusedBy: 'parse' }, { error: REQUEST_ERRORS.too_large, message });
  }

  refuse(by: Replacement, refusal: Refusal): Promise<void> {
    return this.fail(by, refusal.decisionId, refusalReport(refusal));
  }

  async fail(by: Replacement, id: string, told: Buffer): Promise<void> {
    // What was prepared before stays prepared; what cannot be recorded is not sent.
    if (!this.preparations.isEmpty) await this.preparations.settle();
    if (this.options.isOver()) return;
    const { expectations, segment } = this.talk;
    if (by === 'query') {
      this.backend.push(poisonQuery(id));
      expectations.push({ kind: 'poisonQuery', segment, report: told });
      this.endQuery();
    } else if (!this.talk.skipping) {
      this.backend.push(poisonParse(id));
      expectations.push({ kind: 'poison', segment, report: told });
      this.talk.skipping = true;
    }
  }

  async settle(): Promise<boolean> {
    const refusal = await this.preparations.settle();
    if (refusal) await this.refuse('parse', refusal);
    return !this.talk.skipping;
  }

  async send(message: Message, owed: Expectation): Promise<void> {
    this.preparations.send(message.raw, owed);
    if (this.preparations.isFull) await this.settle();
  }

  endQuery(): void {
    this.talk.statements.forget('');
    this.talk.portals.forget('');
    this.talk.segment++;
  }

  requestFor(text: string, parameters: Portal['parameters'], prepared?: Rewritten): SqlRequest {
    return new SqlRequest(this.options.context(), text, parameters, prepared);
  }

  async permit(request: SqlRequest, by: Replacement): Promise<Permit<Rewritten> | undefined> {
    const { session, ports } = this.options;
    const verdict = await runPipeline(session, request, ports);
    const cancelled = this.options.judged();
    if (verdict.kind === 'refused') {
      if (cancelled) await this.fail(by, verdict.refusal.decisionId, CANCELLED);
      else await this.refuse(by, verdict.refusal);
      return undefined;
    }
    const { permit } = verdict;
    // While it was judged the client may have left, or an earlier message of the segment may have failed.
    const moot = by === 'parse' && this.talk.skipping;
    if (!this.options.isOver() && !moot && !cancelled) return permit;
    if (cancelled) await this.fail(by, permit.decisionId, CANCELLED);
    const outcome = cancelled ? 'cancelled' : this.options.isOver() ? 'disconnected' : 'error';
    permit.complete({ outcome, rows: 0, bytes: 0, backendCode: '' });
    return undefined;
  }

  runOf(permit: Permit<Rewritten>, request: SqlRequest, shape: ResultShape, counted = { count: 0 }): Run {
    const { session, ports } = this.options;
    const facts = (): Facts => ({ ...baseFacts(session, ports.clock.now()), ...request.facts });
    return new Run(permit, shape, counted, facts);
  }

  async find<T>(table: NameTable<T>, name: string): Promise<T | undefined> {
    if (this.talk.isOpen(table, name)) {
      this.backend.flush();
      await this.talk.expectations.settledBefore(this.talk.segment);
    }
    return table.get(name);
  }

  failUnknown(target: 'statement' | 'portal', name: string): Promise<void> {
    const sqlstate = target === 'statement' ? UNKNOWN_STATEMENT : UNKNOWN_PORTAL;
    const kind = target === 'statement' ? 'prepared statement' : 'portal';
    const told = report({ severity: 'ERROR', sqlstate, message: `${kind} "${name}" does not exist` });
    return this.fail('parse', 'unknown', told);
  }
}
