/**
 * From the client to the backend. Each message is looked up in the table below; messages are taken one at a
 * time, because one must be judged before it is known what the next one means. Nothing that runs a statement is
 * sent without a `Permit`.
 */
import { REQUEST_ERRORS, type ErrorDefinition, type Facts } from '@sluice/schemas';
import {
  baseFacts,
  rehearse,
  runPipeline,
  type Permit,
  type Ports,
  type Refusal,
  type Session,
} from '../../pipeline/index.js';
import { MalformedBody } from '../codec/body-reader.js';
import {
  decodeBind,
  decodeExecute,
  decodeParse,
  decodeQuery,
  decodeTarget,
  type Body,
} from '../codec/client-messages.js';
import { MessageReader } from '../codec/message-reader.js';
import { FRONTEND, typeName } from '../codec/message-types.js';
import { describePortal, parse, query } from '../codec/message-writer.js';
import { report } from '../codec/report.js';
import { SMALL_LIMIT_BYTES, type PostgresLimits } from '../limits.js';
import { QUERY_CANCELED, UNKNOWN_PORTAL, UNKNOWN_STATEMENT } from '../sqlstates.js';
import type { Rewritten } from './classify-sql.js';
import type { Conversation } from './conversation.js';
import type { NameTable } from './name-table.js';
import type { Outlet } from './outlet.js';
import { poisonParse, poisonQuery, refusalReport } from './refusal-report.js';
import { Run } from './run.js';
import { FaultyRequest, SqlRequest, type RequestContext } from './sql-request.js';
import type { Portal, PreparedStatement, ResultShape } from './statement.js';

export interface RequestsOptions {
  readonly talk: Conversation;
  readonly backend: Outlet;
  readonly session: Session;
  readonly ports: Ports;
  readonly limits: PostgresLimits;
  /** Made anew for each request: a cancelled one leaves its signal aborted. */
  readonly context: () => RequestContext;
  /** The request is judged; true when the client asked to cancel it meanwhile. */
  readonly judged: () => boolean;
  /** Ends the session; the client is told by `farewell`. */
  readonly end: (farewell?: Buffer) => void;
  readonly isOver: () => boolean;
}

interface Message extends Body {
  /** Whole, header included. */
  readonly raw: Buffer;
}

/** What takes the place of a message that is refused, so that the backend answers with an error. */
type Replacement = 'parse' | 'query' | 'none';

interface Row {
  readonly name: string;
  readonly limitBytes: (limits: PostgresLimits) => number;
  /** After an error: dropped until Sync, as the backend does, or handled all the same. */
  readonly afterError: 'drop' | 'handle';
  readonly refusedBy: Replacement;
  readonly handle: (requests: Requests, message: Message) => void | Promise<void>;
}

const small = (): number => SMALL_LIMIT_BYTES;
const asQuery = ({ queryBytes }: PostgresLimits): number => queryBytes;
const asBind = ({ bindBytes }: PostgresLimits): number => bindBytes;

// prettier-ignore
const TABLE: ReadonlyMap<number, Row> = new Map([
  // message                    name                     at most              after an error        refused by          what happens
  [FRONTEND.query,        { name: 'Query',        limitBytes: asQuery, afterError: 'drop',   refusedBy: 'query', handle: runQuery }],
  [FRONTEND.parse,        { name: 'Parse',        limitBytes: asQuery, afterError: 'drop',   refusedBy: 'parse', handle: prepareStatement }],
  [FRONTEND.bind,         { name: 'Bind',         limitBytes: asBind,  afterError: 'drop',   refusedBy: 'parse', handle: bindPortal }],
  [FRONTEND.describe,     { name: 'Describe',     limitBytes: small,   afterError: 'drop',   refusedBy: 'parse', handle: describe }],
  [FRONTEND.execute,      { name: 'Execute',      limitBytes: small,   afterError: 'drop',   refusedBy: 'parse', handle: executePortal }],
  [FRONTEND.close,        { name: 'Close',        limitBytes: small,   afterError: 'drop',   refusedBy: 'parse', handle: close }],
  [FRONTEND.flush,        { name: 'Flush',        limitBytes: small,   afterError: 'drop',   refusedBy: 'none',  handle: flush }],
  [FRONTEND.sync,         { name: 'Sync',         limitBytes: small,   afterError: 'handle', refusedBy: 'none',  handle: sync }],
  [FRONTEND.terminate,    { name: 'Terminate',    limitBytes: small,   afterError: 'handle', refusedBy: 'none',  handle: terminate }],
  [FRONTEND.functionCall, { name: 'FunctionCall', limitBytes: asBind,  afterError: 'drop',   refusedBy: 'query', handle: refuseFunctionCall }],
] satisfies [number, Row][]);

const CANCELLED = report({
  severity: 'ERROR',
  sqlstate: QUERY_CANCELED,
  message: 'canceled while waiting for approval',
});

export class Requests {
  readonly talk: Conversation;
  readonly backend: Outlet;
  readonly #reader: MessageReader;
  readonly #inbox: Buffer[] = [];
  #inboxBytes = 0;
  #pumping = false;

  constructor(readonly options: RequestsOptions) {
    this.talk = options.talk;
    this.backend = options.backend;
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
    else this.refuse(row.refusedBy, verdict.refusal);
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

  /** Puts the backend into the state after an error, and lets the client read `refusal` for it. */
  refuse(by: Replacement, refusal: Refusal): void {
    this.fail(by, refusal.decisionId, refusalReport(refusal));
  }

  fail(by: Replacement, id: string, told: Buffer): void {
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

  /** A simple query drops the unnamed statement and portal, whatever becomes of it, and ends the segment. */
  endQuery(): void {
    this.talk.statements.forget('');
    this.talk.portals.forget('');
    this.talk.segment++;
  }

  requestFor(text: string, parameters: Portal['parameters'], prepared?: Rewritten): SqlRequest {
    return new SqlRequest(this.options.context(), text, parameters, prepared);
  }

  /** Judges and records one execution. Undefined: refused, or nobody is there any more to run it for. */
  async permit(request: SqlRequest, by: Replacement): Promise<Permit<Rewritten> | undefined> {
    const { session, ports } = this.options;
    const verdict = await runPipeline(session, request, ports);
    const cancelled = this.options.judged();
    if (verdict.kind === 'refused') {
      if (cancelled) this.fail(by, verdict.refusal.decisionId, CANCELLED);
      else this.refuse(by, verdict.refusal);
      return undefined;
    }
    const { permit } = verdict;
    // While it was judged the client may have left, or an earlier message of the segment may have failed.
    const moot = by === 'parse' && this.talk.skipping;
    if (!this.options.isOver() && !moot && !cancelled) return permit;
    if (cancelled) this.fail(by, permit.decisionId, CANCELLED);
    const outcome = cancelled ? 'cancelled' : this.options.isOver() ? 'disconnected' : 'error';
    permit.complete({ outcome, rows: 0, bytes: 0, backendCode: '' });
    return undefined;
  }

  runOf(permit: Permit<Rewritten>, request: SqlRequest, shape: ResultShape, counted = { count: 0 }): Run {
    const { session, ports } = this.options;
    const facts = (): Facts => ({ ...baseFacts(session, ports.clock.now()), ...request.facts });
    return new Run(permit, shape, counted, facts);
  }

  /** What a name means; waits while that hangs on the outcome of an earlier segment. */
  async find<T>(table: NameTable<T>, name: string): Promise<T | undefined> {
    if (this.talk.isOpen(table, name)) {
      this.backend.flush();
      await this.talk.expectations.settledBefore(this.talk.segment);
    }
    return table.get(name);
  }

  /** As PostgreSQL says it. */
  failUnknown(target: 'statement' | 'portal', name: string): void {
    const sqlstate = target === 'statement' ? UNKNOWN_STATEMENT : UNKNOWN_PORTAL;
    const kind = target === 'statement' ? 'prepared statement' : 'portal';
    const told = report({ severity: 'ERROR', sqlstate, message: `${kind} "${name}" does not exist` });
    this.fail('parse', 'unknown', told);
  }
}

async function runQuery(requests: Requests, message: Message): Promise<void> {
  const { talk, backend } = requests;
  const text = decodeQuery(message);
  const request = requests.requestFor(text, []);
  const permit = await requests.permit(request, 'query');
  if (permit === undefined) return;
  const rewritten = permit.forward.text;
  backend.push(rewritten === text ? message.raw : query(rewritten));
  const run = requests.runOf(permit, request, { fields: undefined, asked: true });
  talk.expectations.push({ kind: 'query', segment: talk.segment, run });
  requests.endQuery();
}

/** Judged now, so that a client learns early; judged and recorded again each time it runs. */
async function prepareStatement(requests: Requests, message: Message): Promise<void> {
  const { talk, backend, options } = requests;
  const { statement, text, parameterTypes } = decodeParse(message);
  await requests.find(talk.statements, statement);
  if (talk.statements.size >= options.limits.statements) return requests.refuseTooMany('Parse');
  const rehearsal = await rehearse(options.session, requests.requestFor(text, []), options.ports);
  if (rehearsal.kind === 'refused') return requests.refuse('parse', rehearsal.refusal);
  if (options.isOver() || talk.skipping) return;
  const sent = rehearsal.forward;
  backend.push(sent.text === text ? message.raw : parse(statement, sent.text, parameterTypes));
  const prepared: PreparedStatement = { text, sent, shape: { fields: undefined, asked: false } };
  const change = talk.statements.set(statement, prepared, talk.segment);
  talk.expectations.push({ kind: 'parse', segment: talk.segment, change, sent });
}

async function bindPortal(requests: Requests, message: Message): Promise<void> {
  const { talk, backend, options } = requests;
  const bind = decodeBind(message);
  await requests.find(talk.portals, bind.portal);
  const statement = await requests.find(talk.statements, bind.statement);
  if (statement === undefined) return requests.failUnknown('statement', bind.statement);
  if (talk.portals.size >= options.limits.statements) return requests.refuseTooMany('Bind');
  backend.push(message.raw);
  const portal: Portal = { statement, parameters: bind.parameters, rows: { count: 0 } };
  const change = talk.portals.set(bind.portal, portal, talk.segment);
  talk.expectations.push({ kind: 'bind', segment: talk.segment, change, sent: statement.sent });
}

async function describe(requests: Requests, message: Message): Promise<void> {
  const { talk, backend } = requests;
  const { target, name } = decodeTarget(message);
  const statement =
    target === 'statement'
      ? await requests.find(talk.statements, name)
      : (await requests.find(talk.portals, name))?.statement;
  if (statement === undefined) return requests.failUnknown(target, name);
  backend.push(message.raw);
  const { shape, sent } = statement;
  shape.asked = true;
  talk.expectations.push({ kind: 'describe', segment: talk.segment, shape, silent: false, sent });
}

async function executePortal(requests: Requests, message: Message): Promise<void> {
  const { talk, backend } = requests;
  const { portal: name } = decodeExecute(message);
  const portal = await requests.find(talk.portals, name);
  if (portal === undefined) return requests.failUnknown('portal', name);
  const { statement, parameters, rows } = portal;
  const { shape, sent } = statement;
  const request = requests.requestFor(statement.text, parameters, sent);
  const permit = await requests.permit(request, 'parse');
  if (permit === undefined) return;
  const { segment } = talk;
  if (!shape.asked) {
    // Where the columns come from must be known before the first row, whether the client wants to know or not.
    backend.push(describePortal(name));
    shape.asked = true;
    talk.expectations.push({ kind: 'describe', segment, shape, silent: true, sent });
  }
  backend.push(message.raw);
  const run = requests.runOf(permit, request, shape, rows);
  talk.expectations.push({ kind: 'execute', segment, run });
}

async function close(requests: Requests, message: Message): Promise<void> {
  const { talk, backend } = requests;
  const { target, name } = decodeTarget(message);
  const table: NameTable<unknown> = target === 'statement' ? talk.statements : talk.portals;
  await requests.find(table, name);
  backend.push(message.raw);
  const change = table.delete(name, talk.segment);
  talk.expectations.push({ kind: 'close', segment: talk.segment, change });
}

function flush({ backend }: Requests, message: Message): void {
  backend.push(message.raw);
  backend.flush();
}

function sync({ talk, backend }: Requests, message: Message): void {
  backend.push(message.raw);
  talk.expectations.push({ kind: 'sync', segment: talk.segment });
  talk.skipping = false;
  talk.segment++;
}

function terminate({ options }: Requests): void {
  options.end();
}

/** It names a function by its OID and is not SQL: there is nothing to judge it by. */
function refuseFunctionCall(requests: Requests): Promise<void> {
  return requests.refuseUnsupported('calling a function by the FunctionCall message is not supported');
}
