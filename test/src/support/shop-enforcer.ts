/**
 * The whole product around the demo shop: a real PostgreSQL, a real issuer, the policies that ship, built and signed by
 * `sluice`, and an enforcer started from a configuration file.
 */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { loadConfig, startEnforcer, type Overrides, type RunningEnforcer } from '@sluice/enforcer';
import { makeCertificate } from './certificate.js';
import { startIssuer, type TestIssuer, type TokenRequest } from './oidc-issuer.js';
import { startPostgres, type PostgresServer } from './postgres-server.js';
import { runSluice, type Finished } from './run-sluice.js';

const POLICIES = fileURLToPath(new URL('../../../policies', import.meta.url));

export const AGENT: TokenRequest = { subject: 'agent-7', groups: ['support-agents'] };
export const DBA: TokenRequest = { subject: 'maria', groups: ['dba'] };

export interface ShopEnforcer {
  readonly dir: string;
  readonly server: PostgresServer;
  readonly issuer: TestIssuer;
  readonly enforcer: RunningEnforcer;
  readonly logged: string[];
  /** Logs in with a token of the issuer. */
  connect(who?: TokenRequest): Promise<pg.Client>;
  connectWith(password: string): Promise<pg.Client>;
  /** Runs an operator command against this enforcer. */
  sluice(who: TokenRequest | undefined, ...args: string[]): Promise<Finished>;
  stop(): Promise<void>;
}

export interface ShopOptions {
  readonly hold?: string;
  readonly durability?: 'written' | 'strict';
  readonly auditDir?: string;
  readonly overrides?: Overrides;
}

export async function startShopEnforcer(options: ShopOptions = {}): Promise<ShopEnforcer> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const ending of stops.splice(0).reverse()) await ending();
  };
  try {
    const dir = await mkdtemp(join(tmpdir(), 'sluice-shop-'));
    stops.push(() => rm(dir, { recursive: true, force: true }));
    const [server, issuer] = await Promise.all([startPostgres(), startIssuer(), writeBundle(dir)]);
    stops.push(
      () => server.stop(),
      () => issuer.stop(),
    );
    await writeConfig(dir, server, issuer.issuer, options);
    const logged: string[] = [];
    const write = (fields: object, message: string): void =>
      void logged.push(`${message} ${JSON.stringify(fields)}`);
    const log = { info: write, warn: write, error: write };
    const enforcer = await startEnforcer(loadConfig(join(dir, 'sluice.yaml')), {
      log,
      drainMs: 1_000,
      ...options.overrides,
    });
    stops.push(() => enforcer.close());
    const connectWith = (password: string): Promise<pg.Client> => connectTo(enforcer, password);
    return {
      dir,
      server,
      issuer,
      enforcer,
      logged,
      connectWith,
      connect: async (who = AGENT) => connectWith(await issuer.token(who)),
      sluice: async (who, ...args) => {
        const token = who === undefined ? {} : { SLUICE_TOKEN: await issuer.token(who) };
        return runSluice(dir, args, { SLUICE_ADMIN: enforcer.adminUrl, ...token });
      },
      stop,
    };
  } catch (cause) {
    await stop();
    throw cause;
  }
}

export async function writeBundle(dir: string): Promise<void> {
  await cp(POLICIES, join(dir, 'policies'), { recursive: true });
  for (const args of [
    ['keygen', '--out', 'key.json', '--trust', 'trust.yaml'],
    ['build', 'policies', '--key', 'key.json', '--bundle-version', '1', '--out', 'bundle.tar.gz'],
  ]) {
    const { code, stdout, stderr } = await runSluice(dir, args);
    if (code !== 0) throw new Error(`sluice ${args.join(' ')} failed:\n${stdout}${stderr}`);
  }
}

export async function writeConfig(
  dir: string,
  server: PostgresServer,
  issuer: string,
  { hold = '30s', durability = 'written', auditDir = './audit' }: ShopOptions = {},
): Promise<void> {
  const { cert, key } = makeCertificate();
  await writeFile(join(dir, 'tls.crt'), cert);
  await writeFile(join(dir, 'tls.key'), key, { mode: 0o600 });
  await writeFile(join(dir, 'db-password'), `${server.password}\n`, { mode: 0o600 });
  await writeFile(
    join(dir, 'sluice.yaml'),
    `apiVersion: sluice/v1
kind: Enforcer
spec:
  bundle: { source: ./bundle.tar.gz, trust: ./trust.yaml }
  identity:
    issuers: [{ issuer: "${issuer}", audience: sluice, groups: groups }]
  connections:
    - name: shop-db
      protocol: postgres
      listen: 127.0.0.1:0
      tls: { cert: ./tls.crt, key: ./tls.key }
      upstream:
        host: ${server.host}
        port: ${server.port}
        database: ${server.database}
        user: ${server.user}
        password: { file: ./db-password }
        tls: off
  approvals: { hold: ${hold} }
  audit: { dir: ${auditDir}, durability: ${durability} }
  state: sqlite:./state.db
  admin: { listen: 127.0.0.1:0, operators: [operators] }
`,
  );
}

export async function connectTo(enforcer: RunningEnforcer, password: string): Promise<pg.Client> {
  const [listening] = enforcer.listeners;
  if (listening === undefined) throw new Error('the enforcer listens nowhere');
  const { host, port } = listening;
  const client = new pg.Client({
    host,
    port,
    database: 'shop-db',
    user: 'agent',
    password,
    application_name: 'ticket 4711',
    ssl: { rejectUnauthorized: false },
  });
  client.on('error', () => undefined); // a session may be ended under it
  await client.connect();
  return client;
}
