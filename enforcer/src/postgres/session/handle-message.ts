/**
 * What each message of the client does, one function each. Nothing that runs a statement is sent without a
 * `Permit`, nothing that only prepares one before it is in the log.
 */
import { rehearse, type Permit, type Refusal } from '../../pipeline/index.js';
import {
  decodeBind,
  decodeExecute,
  decodeParse,
  decodeQuery,
  decodeTarget,
  type Body,
} from '../codec/client-messages.js';
import { describePortal, parse, query } from '../codec/message-writer.js';
import type { Rewritten } from './classify-sql.js';
import type { Conversation } from './conversation.js';
import type { Expectation } from './expectations.js';
import type { NameTable } from './name-table.js';
import type { Outlet } from './outlet.js';
import type { Preparations } from './preparations.js';
import type { RequestsOptions } from './requests-options.js';
import type { Run } from './run.js';
import type { SqlRequest } from './sql-request.js';
import type { Portal, PreparedStatement, ResultShape } from './statement.js';

export interface Message extends Body {
  /** Whole, header included. */
  readonly raw: Buffer;
}

/** What takes the place of a message that is refused, so that the backend answers with an error. */
export type Replacement = 'parse' | 'query' | 'none';

/** What the handlers work with; `Requests` fills it. */
export interface Handling {
  readonly talk: Conversation;
  readonly backend: Outlet;
  readonly preparations: Preparations;
  readonly options: RequestsOptions;
  requestFor(text: string, parameters: Portal['parameters'], prepared?: Rewritten): SqlRequest;
  /** Judges and records one execution. Undefined: refused, or nobody is there any more to run it for. */
  permit(request: SqlRequest, by: Replacement): Promise<Permit<Rewritten> | undefined>;
  runOf(permit: Permit<Rewritten>, request: SqlRequest, shape: ResultShape, counted?: { count: number }): Run;
  /** What a name means; waits while that hangs on the outcome of an earlier segment. */
  find<T>(table: NameTable<T>, name: string): Promise<T | undefined>;
  /** Records and sends what was kept back; false when that failed, which the client is told. */
  settle(): Promise<boolean>;
  /** Keeps a message back behind what is not recorded yet, within bounds. */
  send(message: Message, owed: Expectation): Promise<void>;
  /** Puts the backend into the state after an error, and lets the client read `refusal` for it. */
  refuse(by: Replacement, refusal: Refusal): Promise<void>;
  refuseUnsupported(message: string): Promise<void>;
  refuseTooMany(name: string): Promise<void>;
  /** As PostgreSQL says it. */
  failUnknown(target: 'statement' | 'portal', name: string): Promise<void>;
  /** A simple query drops the unnamed statement and portal, whatever becomes of it, and ends the segment. */
  endQuery(): void;
}

export async function runQuery(handling: Handling, message: Message): Promise<void> {
  const { talk, backend } = handling;
  if (!handling.preparations.isEmpty && !(await handling.settle())) return;
  const text = decodeQuery(message);
  const request = handling.requestFor(text, []);
  const permit = await handling.permit(request, 'query');
  if (permit === undefined) return;
  const rewritten = permit.forward.text;
  backend.push(rewritten === text ? message.raw : query(rewritten));
  const run = handling.runOf(permit, request, { fields: undefined, asked: true });
  talk.expectations.push({ kind: 'query', segment: talk.segment, run });
  handling.endQuery();
}

/** Judged now, so that a client learns early; judged and recorded again each time it runs. */
export async function prepareStatement(handling: Handling, message: Message): Promise<void> {
  const { talk, preparations, options } = handling;
  const { statement, text, parameterTypes } = decodeParse(message);
  await handling.find(talk.statements, statement);
  if (talk.statements.size >= options.limits.statements) return handling.refuseTooMany('Parse');
  const rehearsal = await rehearse(options.session, handling.requestFor(text, []), options.ports);
  if (rehearsal.kind === 'refused') return handling.refuse('parse', rehearsal.refusal);
  if (options.isOver() || talk.skipping) return;
  const { forward: sent, record } = rehearsal;
  const bytes = sent.text === text ? message.raw : parse(statement, sent.text, parameterTypes);
  const prepared: PreparedStatement = { text, sent, shape: { fields: undefined, asked: false } };
  const change = talk.statements.set(statement, prepared, talk.segment);
  const owed = { kind: 'parse', segment: talk.segment, change, sent } as const;
  preparations.prepare(bytes, owed, { statement: prepared, record });
  if (preparations.isFull) await handling.settle();
}

export async function bindPortal(handling: Handling, message: Message): Promise<void> {
  const { talk, options } = handling;
  const bind = decodeBind(message);
  await handling.find(talk.portals, bind.portal);
  const statement = await handling.find(talk.statements, bind.statement);
  if (statement === undefined) return handling.failUnknown('statement', bind.statement);
  if (talk.portals.size >= options.limits.statements) return handling.refuseTooMany('Bind');
  const portal: Portal = { statement, parameters: bind.parameters, rows: { count: 0 } };
  const change = talk.portals.set(bind.portal, portal, talk.segment);
  await handling.send(message, { kind: 'bind', segment: talk.segment, change, sent: statement.sent });
}

export async function describe(handling: Handling, message: Message): Promise<void> {
  const { talk } = handling;
  const { target, name } = decodeTarget(message);
  const statement =
    target === 'statement'
      ? await handling.find(talk.statements, name)
      : (await handling.find(talk.portals, name))?.statement;
  if (statement === undefined) return handling.failUnknown(target, name);
  const { shape, sent } = statement;
  shape.asked = true;
  await handling.send(message, { kind: 'describe', segment: talk.segment, shape, silent: false, sent });
}

export async function executePortal(handling: Handling, message: Message): Promise<void> {
  const { talk, backend } = handling;
  const { portal: name } = decodeExecute(message);
  const portal = await handling.find(talk.portals, name);
  if (portal === undefined) return handling.failUnknown('portal', name);
  const { statement, parameters, rows } = portal;
  const { shape, sent } = statement;
  const request = handling.requestFor(statement.text, parameters, sent);
  const permit = await handling.permit(request, 'parse');
  if (permit === undefined) return;
  handling.preparations.cover(statement);
  if (!handling.preparations.isEmpty && !(await handling.settle())) {
    permit.complete({ outcome: 'error', rows: 0, bytes: 0, backendCode: '' });
    return;
  }
  const { segment } = talk;
  if (!shape.asked) {
    // Where the columns come from must be known before the first row, whether the client wants to know or not.
    backend.push(describePortal(name));
    shape.asked = true;
    talk.expectations.push({ kind: 'describe', segment, shape, silent: true, sent });
  }
  backend.push(message.raw);
  const run = handling.runOf(permit, request, shape, rows);
  talk.expectations.push({ kind: 'execute', segment, run });
}

export async function close(handling: Handling, message: Message): Promise<void> {
  const { talk } = handling;
  const { target, name } = decodeTarget(message);
  const table: NameTable<unknown> = target === 'statement' ? talk.statements : talk.portals;
  await handling.find(table, name);
  const change = table.delete(name, talk.segment);
  await handling.send(message, { kind: 'close', segment: talk.segment, change });
}

export async function flush(handling: Handling, message: Message): Promise<void> {
  const { preparations, backend } = handling;
  if (!preparations.isEmpty && !(await handling.settle())) return;
  backend.push(message.raw);
  backend.flush();
}

export async function sync(handling: Handling, message: Message): Promise<void> {
  const { talk, preparations, backend } = handling;
  if (!preparations.isEmpty) await handling.settle();
  backend.push(message.raw);
  talk.expectations.push({ kind: 'sync', segment: talk.segment });
  talk.skipping = false;
  talk.segment++;
}

export function terminate({ options }: Handling): void {
  options.end();
}

/** It names a function by its OID and is not SQL: there is nothing to judge it by. */
export function refuseFunctionCall(handling: Handling): Promise<void> {
  return handling.refuseUnsupported('calling a function by the FunctionCall message is not supported');
}
