/** The listeners of all connections: those that share an address share one, and the database name picks among them. */
import { readFile } from 'node:fs/promises';
import { OPERATION_ERRORS, SluiceError } from '@sluice/schemas';
import type { ConnectionStatus, Sessions } from './admin/index.js';
import { listenText, type ConnectionConfig } from './config/index.js';
import type { Authenticator, Ports } from './pipeline/ports.js';
import type { PostgresConnection } from './postgres/connection.js';
import { listenPostgres, type PostgresListener } from './postgres/listen.js';
import type { PostgresLog } from './postgres/log.js';

/** Where agents connect. */
export interface Listening {
  readonly protocol: string;
  readonly host: string;
  readonly port: number;
  readonly connections: readonly string[];
}

export interface Listeners {
  readonly addresses: readonly Listening[];
  readonly sessions: Sessions;
  status(): ConnectionStatus[];
  close(drainMs: number): Promise<void>;
}

interface Shared {
  readonly ports: Ports;
  readonly authenticator: Authenticator;
  readonly log: PostgresLog;
}

interface Open {
  readonly listener: PostgresListener;
  readonly connections: readonly ConnectionConfig[];
}

export async function openListeners(
  connections: readonly ConnectionConfig[],
  shared: Shared,
): Promise<Listeners> {
  const open: Open[] = [];
  const close = async (drainMs: number): Promise<void> => {
    await Promise.all(open.map(({ listener }) => listener.close(drainMs)));
  };
  try {
    for (const group of byAddress(connections)) {
      open.push({ listener: await openListener(group, shared), connections: group });
    }
  } catch (cause) {
    // Fail closed: all listeners or none.
    await close(0);
    throw cause;
  }
  const live = () => open.flatMap(({ listener }) => listener.sessions());
  return {
    addresses: open.map(({ listener, connections: group }) => ({
      protocol: 'postgres',
      host: listener.address,
      port: listener.port,
      connections: group.map(({ name }) => name),
    })),
    sessions: {
      list: () => live().map(({ session }) => session),
      end: (id) => {
        const found = live().find(({ session }) => session.id === id);
        found?.revoke('ended by an operator');
        return found !== undefined;
      },
    },
    status: () =>
      open.flatMap(({ listener, connections: group }) =>
        group.map(({ name, protocol }) => ({
          name,
          protocol,
          listen: listenText({ host: listener.address, port: listener.port }),
          catalog: listener.isReady(),
          sessions: listener.sessions().filter(({ session }) => session.connection === name).length,
        })),
      ),
    close,
  };
}

/** Port 0 is any free port: those are never shared. */
function byAddress(connections: readonly ConnectionConfig[]): readonly (readonly ConnectionConfig[])[] {
  const groups = new Map<string, ConnectionConfig[]>();
  for (const connection of connections) {
    const key = connection.listen.port === 0 ? connection.name : listenText(connection.listen);
    groups.set(key, [...(groups.get(key) ?? []), connection]);
  }
  return [...groups.values()];
}

async function openListener(group: readonly ConnectionConfig[], shared: Shared): Promise<PostgresListener> {
  const [first] = group;
  if (first === undefined) throw new Error('a listener without connections');
  const tls = first.tls && { cert: await readPem(first.tls.certFile), key: await readPem(first.tls.keyFile) };
  const connections = await Promise.all(group.map(postgresConnection));
  try {
    return await listenPostgres({ ...shared, listen: first.listen, tls, connections });
  } catch (cause) {
    // Fail closed: an enforcer that cannot serve what it was told to serve does not start.
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `\`${listenText(first.listen)}\` cannot be listened on: ${why}`;
    throw cause instanceof SluiceError
      ? cause
      : new SluiceError(OPERATION_ERRORS.listen_failed, message, { cause });
  }
}

async function postgresConnection({
  name,
  databases,
  upstream,
}: ConnectionConfig): Promise<PostgresConnection> {
  const { password, tls, caFile, host, port, database, user } = upstream;
  // A secret that is missing is found at the start, not by the first agent.
  await password.reveal();
  return {
    name,
    databases,
    upstream: {
      host,
      port,
      database,
      user,
      password: () => password.reveal(),
      tls:
        tls === 'off'
          ? 'off'
          : { mode: 'verify-full', ca: caFile === undefined ? undefined : await readPem(caFile) },
    },
  };
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    // Fail closed: without its certificate a listener does not open.
    throw new SluiceError(OPERATION_ERRORS.config_unreadable, `\`${file}\` cannot be read`, { cause });
  }
}
