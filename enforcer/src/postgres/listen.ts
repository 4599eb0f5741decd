/**
 * The listener: takes connections, lets clients in, joins each with a backend of its own, and keeps account of
 * the sessions until they end.
 */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import { REQUEST_ERRORS } from '@sluice/schemas';
import { classifySql, classifySqlLarge, isLarge, loadParser } from '@sluice/facts';
import type { Authenticator, Ports, Session } from '../pipeline/index.js';
import { BackendCatalog, DEFAULT_CATALOG_OPTIONS, type CatalogOptions } from './catalog/catalog-source.js';
import { report } from './codec/report.js';
import type { PostgresConnection } from './connection.js';
import { DEFAULT_LIMITS, type PostgresLimits } from './limits.js';
import { CancelKeys } from './login/cancel.js';
import type { PostgresLog } from './log.js';
import { welcome, type ConnectionRoom, type Reception } from './login/welcome.js';
import type { ClassifySql } from './session/classify-sql.js';
import type { PostgresSession } from './session/session.js';

export interface ListenPostgresOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** PEM. Without it clients of this machine only get in. */
  readonly tls?: { readonly cert: Buffer | string; readonly key: Buffer | string } | undefined;
  readonly connections: readonly PostgresConnection[];
  readonly ports: Ports;
  readonly authenticator: Authenticator;
  readonly log: PostgresLog;
  readonly limits?: Partial<PostgresLimits> | undefined;
  readonly catalog?: Partial<CatalogOptions> | undefined;
  /** What judges statements; tests put another in its place. */
  readonly classify?: ClassifySql | undefined;
}

export interface LiveSession {
  readonly session: Session;
  readonly state: 'idle' | 'active';
  /** Ends it at once; the client reads `reason`. */
  revoke(reason: string): void;
}

export interface PostgresListener {
  readonly address: string;
  readonly port: number;
  sessions(): readonly LiveSession[];
  /** Whether the catalog of every connection is known: until then nothing is permitted. */
  isReady(): boolean;
  /** Lets nobody in any more, lets what runs finish for at most `drainMs`, then ends every session. */
  close(drainMs: number): Promise<void>;
}

export async function listenPostgres(options: ListenPostgresOptions): Promise<PostgresListener> {
  await loadParser();
  const rooms = options.connections.map((connection) => openRoom(connection, options));
  const live = new Set<PostgresSession>();
  const sockets = new Set<Socket>();
  const reception: Reception = {
    rooms,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    tls: options.tls && createSecureContext({ ...options.tls, minVersion: 'TLSv1.2' }),
    cancelKeys: new CancelKeys(),
    classify: options.classify ?? classifyByLength,
    ports: options.ports,
    authenticator: options.authenticator,
    log: options.log,
    live,
  };
  const server = createServer({ noDelay: true, keepAlive: true, pauseOnConnect: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    if (sockets.size > reception.limits.sessions) return turnAway(socket);
    void welcome(socket, reception);
  });
  await Promise.all(rooms.map(({ catalog }) => catalog.refresh()));
  const { address, port } = await startListening(server, options.listen);
  return {
    address,
    port,
    sessions: () => [...live].map(liveSession),
    isReady: () => rooms.every(({ catalog }) => catalog.current() !== undefined),
    close: async (drainMs) => {
      const closed = once(server, 'close');
      server.close();
      await drain(live, drainMs);
      for (const socket of sockets) socket.destroySoon();
      await Promise.all([closed, ...rooms.map(({ catalog }) => catalog.close())]);
    },
  };
}

/** A long text could overflow the parser's stack: it is parsed in a thread that has a larger one. */
const classifyByLength: ClassifySql = (text, catalog) =>
  isLarge(text) ? classifySqlLarge(text, catalog) : classifySql(text, catalog);

function openRoom(connection: PostgresConnection, { log, catalog }: ListenPostgresOptions): ConnectionRoom {
  const settings = { ...DEFAULT_CATALOG_OPTIONS, ...catalog };
  const onFailure = (cause: unknown): void => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    log.warn({ connection: connection.name, reason }, 'the catalog could not be loaded');
  };
  const source = new BackendCatalog(connection.upstream, settings, onFailure, () => performance.now());
  return { connection, catalog: source };
}

async function startListening(
  server: Server,
  listen: ListenPostgresOptions['listen'],
): Promise<{ readonly address: string; readonly port: number }> {
  server.listen(listen);
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('the listener has no address');
  return { address: bound.address, port: bound.port };
}

const liveSession = (live: PostgresSession): LiveSession => ({
  session: live.session,
  state: live.isIdle ? 'idle' : 'active',
  revoke: (reason) => live.close(REQUEST_ERRORS.unauthenticated, `the session was revoked: ${reason}`),
});

/** Too many clients: told in PostgreSQL's own words, before anything of theirs is read. */
function turnAway(socket: Socket): void {
  socket.on('error', () => undefined);
  socket.end(report({ severity: 'FATAL', sqlstate: '53300', message: 'sorry, too many clients already' }));
  socket.resume();
}

async function drain(live: ReadonlySet<PostgresSession>, drainMs: number): Promise<void> {
  for (const session of live) session.drain();
  const deadline = performance.now() + drainMs;
  while (live.size > 0 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const error = REQUEST_ERRORS.shutting_down;
  for (const session of live) session.close(error, error.title);
}
