/**
 * One client from its first byte to its session: login with a token, login to the backend with the enforcer's
 * own credential, and the words with which PostgreSQL greets. Whoever does not get in is told so and recorded.
 */
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { REQUEST_ERRORS } from '@sluice/schemas';
import { canonicalName } from '@sluice/facts';
import type { Authenticator, Ports, Session } from '../../pipeline/index.js';
import type { CatalogSource } from '../catalog/catalog-source.js';
import { authenticationOk, backendKeyData, parameterStatus, readyForQuery } from '../codec/message-writer.js';
import { report } from '../codec/report.js';
import { pickConnection, type PostgresConnection } from '../connection.js';
import type { PostgresLimits } from '../limits.js';
import type { PostgresLog } from '../log.js';
import { breaksJudgement, isTold } from '../results/parameter-status.js';
import type { ClassifySql } from '../session/classify-sql.js';
import { PostgresSession } from '../session/session.js';
import { UNKNOWN_DATABASE, sqlstateOf } from '../sqlstates.js';
import { loginToBackend, type Backend } from './backend-login.js';
import { ConnectionEnded } from './byte-source.js';
import type { CancelKeys } from './cancel.js';
import { RefusedLogin, loginClient, type ClientLogin, type ClientWire } from './client-login.js';

/** A connection with what is kept for all its sessions. */
export interface ConnectionRoom {
  readonly connection: PostgresConnection;
  readonly catalog: CatalogSource;
}

export interface Reception {
  readonly rooms: readonly ConnectionRoom[];
  readonly limits: PostgresLimits;
  readonly tls: SecureContext | undefined;
  readonly cancelKeys: CancelKeys;
  readonly classify: ClassifySql;
  readonly ports: Ports;
  readonly authenticator: Authenticator;
  readonly log: PostgresLog;
  readonly live: Set<PostgresSession>;
}

type LetIn = Extract<ClientLogin, { kind: 'client' }>;

/** Never rejects. */
export async function welcome(socket: Socket, reception: Reception): Promise<void> {
  const wire: ClientWire = { socket };
  const address = `${socket.remoteAddress}:${socket.remotePort}`;
  socket.on('error', () => undefined);
  const late = setTimeout(() => wire.socket.destroy(), reception.limits.loginMs);
  try {
    const login = await loginClient(wire, reception.tls, reception.authenticator);
    if (login.kind === 'cancel') {
      reception.cancelKeys.request(login.key);
      wire.socket.end();
    } else await join(wire, login, address, reception);
  } catch (cause) {
    // Fails closed: whatever went wrong, there is no session.
    await refuse(wire, cause, address, reception);
  } finally {
    clearTimeout(late);
  }
}

async function join(wire: ClientWire, login: LetIn, address: string, reception: Reception): Promise<void> {
  const { startup, principal } = login;
  const room = pickRoom(login, reception.rooms);
  const { connection, catalog } = room;
  const known = catalog.current();
  if (known === undefined) void catalog.refresh();
  const settings = {
    ...startup.settings,
    standard_conforming_strings: 'on',
    // What names mean in the session is what they mean in the catalog.
    search_path: (known?.searchPath ?? ['public']).map((schema) => canonicalName(schema)).join(', '),
  };
  const backend = await toBackend(room, settings, login, reception);
  const session: Session = {
    id: randomUUID(),
    principal,
    connection: connection.name,
    protocol: 'postgres',
    intent: startup.intent,
    clientAddress: address,
    startedMs: reception.ports.clock.now(),
  };
  if (wire.socket.destroyed) {
    backend.socket.destroy();
    return;
  }
  begin(wire, login, room, backend, session, JSON.stringify(settings), reception);
}

function begin(
  wire: ClientWire,
  login: LetIn,
  { connection, catalog }: ConnectionRoom,
  backend: Backend,
  session: Session,
  settings: string,
  reception: Reception,
): void {
  const { ports, limits, classify, cancelKeys, live, log } = reception;
  const fields = { session: session.id, connection: connection.name };
  const cancel = cancelKeys.issue(() => proxied.cancel());
  const expiry = expiresIn(session.principal.expiresMs - ports.clock.now(), () =>
    proxied.close(REQUEST_ERRORS.unauthenticated, 'the token of this session expired'),
  );
  const proxied = new PostgresSession({
    session,
    client: wire.socket,
    backend,
    upstream: connection.upstream,
    ports,
    catalog,
    classify,
    settings,
    limits,
    onFault: (reason) => log.warn({ ...fields, reason }, 'a session ended by a fault'),
    onEnd: () => {
      cancel.revoke();
      clearTimeout(expiry.timer);
      live.delete(proxied);
    },
  });
  live.add(proxied);
  wire.socket.write(greeting(backend, cancel.key));
  proxied.start(login.source.release());
}

function greeting(backend: Backend, key: { processId: number; secret: number }): Buffer {
  const told = [...backend.parameters].filter(([name]) => isTold(name));
  return Buffer.concat([
    authenticationOk(),
    ...told.map(([name, value]) => parameterStatus(name, value)),
    backendKeyData(key.processId, key.secret),
    readyForQuery(backend.status),
  ]);
}

/** The longest that a timer of Node can wait is 24.8 days: longer waits are made of several. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function expiresIn(waitMs: number, expire: () => void): { timer: NodeJS.Timeout } {
  const step = Math.max(0, Math.min(waitMs, LONGEST_TIMER_MS));
  const expiry: { timer: NodeJS.Timeout } = {
    timer: setTimeout(() => {
      if (waitMs <= LONGEST_TIMER_MS) expire();
      else expiry.timer = expiresIn(waitMs - step, expire).timer;
    }, step).unref(),
  };
  return expiry;
}

function pickRoom({ startup, principal }: LetIn, rooms: readonly ConnectionRoom[]): ConnectionRoom {
  const connections = rooms.map(({ connection }) => connection);
  const picked = pickConnection(connections, startup.database);
  const room = rooms.find(({ connection }) => connection === picked);
  if (room) return room;
  const database = startup.database.slice(0, 60).replaceAll(/[^\x20-\x7e]/g, '?');
  throw new UnknownDatabase(`no connection here serves the database \`${database}\``, {
    subject: principal.subject,
    issuer: principal.issuer,
  });
}

class UnknownDatabase extends RefusedLogin {
  constructor(message: string, claims: RefusedLogin['claims']) {
    super(REQUEST_ERRORS.unsupported, message, message, claims);
  }
}

async function toBackend(
  { connection }: ConnectionRoom,
  settings: Readonly<Record<string, string>>,
  { principal }: LetIn,
  { limits }: Reception,
): Promise<Backend> {
  const claims = { subject: principal.subject, issuer: principal.issuer };
  const error = REQUEST_ERRORS.backend_unavailable;
  try {
    const backend = await loginToBackend(connection.upstream, settings, limits.backendConnectMs);
    for (const [name, value] of backend.parameters) {
      if (!breaksJudgement(name, value)) continue;
      backend.socket.destroy();
      throw new Error(`the backend insists on \`${name}\` = \`${value}\``);
    }
    return backend;
  } catch (cause) {
    // Fails closed. The reason may hold addresses and names of the inside: it is for the records alone.
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RefusedLogin(error, reason, error.title, claims, connection.name);
  }
}

async function refuse(
  wire: ClientWire,
  cause: unknown,
  clientAddress: string,
  { ports, log }: Reception,
): Promise<void> {
  const { socket } = wire;
  // Nobody is there to be told, and nothing was claimed.
  if (cause instanceof ConnectionEnded) {
    socket.destroy();
    return;
  }
  const refusal =
    cause instanceof RefusedLogin
      ? cause
      : new RefusedLogin(REQUEST_ERRORS.internal, String(cause), REQUEST_ERRORS.internal.title);
  const { definition, message, told, claims, database } = refusal;
  log.warn({ clientAddress, code: definition.code, reason: message }, 'a login was refused');
  try {
    await ports.audit.refusedLogin({
      connection: database,
      protocol: 'postgres',
      clientAddress,
      claimedSubject: claims.subject,
      claimedIssuer: claims.issuer,
      fault: { error: definition, message },
    });
  } catch (reason) {
    // Fails closed all the same: the login stays refused, only the record of it is missing.
    log.warn({ clientAddress, reason: String(reason) }, 'a refused login could not be recorded');
  }
  const sqlstate = refusal instanceof UnknownDatabase ? UNKNOWN_DATABASE : sqlstateOf(definition);
  const hint = `${definition.help} (${definition.code})`;
  socket.end(report({ severity: 'FATAL', sqlstate, message: told, hint }));
  socket.resume();
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

const LINGER_MS = 2000;
