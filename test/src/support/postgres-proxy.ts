/** The PostgreSQL data path in front of a test server, with ports in memory and a policy of the test's own. */
import pg from 'pg';
import { listenPostgres, type ListenPostgresOptions, type PostgresListener } from '@sluice/enforcer';
import { GOOD_TOKEN, memoryPorts, type MemoryPorts } from './memory-ports.js';
import type { Login, PostgresServer } from './postgres-server.js';
import { staticGeneration, type StaticRule } from './static-policy.js';

export interface PostgresProxy extends MemoryPorts {
  readonly listener: PostgresListener;
  readonly port: number;
  /** What the data path told the operator. */
  readonly logged: string[];
  config(more?: pg.ClientConfig): pg.ClientConfig;
  connect(more?: pg.ClientConfig): Promise<pg.Client>;
  use(rules: readonly StaticRule[], facts?: readonly string[]): void;
  stop(): Promise<void>;
}

/** What support agents may do in the shop. */
export const SHOP_RULES: readonly StaticRule[] = [
  { id: 'shop/connect', effect: 'allow', actions: ['connect'], on: ['shop-db'] },
  { id: 'shop/read', effect: 'allow', actions: ['select'], on: ['public.*'] },
  {
    id: 'shop/write',
    effect: 'allow',
    actions: ['insert', 'update', 'delete'],
    on: ['public.orders', 'public.products'],
  },
  {
    id: 'shop/hide-pii',
    effect: 'mask',
    on: ['public.customers.email', 'public.customers.ssn'],
    mask: 'redact',
  },
  { id: 'shop/hide-name', effect: 'mask', on: ['public.customers.name'], mask: 'null' },
  { id: 'shop/no-payroll', effect: 'deny', on: ['payroll.*'], message: 'payroll is off limits to agents' },
];

export async function startProxy(
  server: Pick<PostgresServer, 'host' | 'port' | 'database'> & Login,
  more: Partial<ListenPostgresOptions> & {
    readonly rules?: readonly StaticRule[];
    readonly upstreamTls?: ListenPostgresOptions['connections'][number]['upstream']['tls'];
  } = {},
): Promise<PostgresProxy> {
  const memory = memoryPorts(staticGeneration(more.rules ?? SHOP_RULES));
  const logged: string[] = [];
  const write = (fields: object, message: string): void =>
    void logged.push(`${message} ${JSON.stringify(fields)}`);
  const { host, port, database, user, password } = server;
  const tls = more.upstreamTls ?? 'off';
  const upstream = { host, port, database, user, password: async () => password, tls };
  const listener = await listenPostgres({
    listen: { host: '127.0.0.1', port: 0 },
    connections: [{ name: 'shop-db', upstream }],
    ports: memory.ports,
    authenticator: memory.authenticator,
    log: { info: write, warn: write },
    ...more,
  });
  const config = (change: pg.ClientConfig = {}): pg.ClientConfig => ({
    host: '127.0.0.1',
    port: listener.port,
    database: 'shop-db',
    user: 'whoever',
    password: GOOD_TOKEN,
    ...change,
  });
  return Object.assign(memory, {
    listener,
    port: listener.port,
    logged,
    config,
    connect: async (change?: pg.ClientConfig) => {
      const client = new pg.Client(config(change));
      client.on('error', () => undefined);
      await client.connect();
      return client;
    },
    use: (rules: readonly StaticRule[], facts?: readonly string[]) =>
      memory.activate(staticGeneration(rules, facts)),
    stop: () => listener.close(0),
  });
}
