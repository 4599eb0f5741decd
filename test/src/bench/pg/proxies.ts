/** Each proxy as a process of its own, so that its CPU time can be told from that of the bench. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../support/free-port.js';
import { GOOD_TOKEN } from '../../support/memory-ports.js';
import type { PostgresServer } from '../../support/postgres-server.js';
import type { Contender } from './measure.js';

export async function startBytePipe(server: PostgresServer): Promise<Contender> {
  const child = node('byte-pipe.js', [String(server.port)]);
  const { user, password, database } = server;
  return contender('byte-pipe', child, await announcedPort(child), { user, password, database });
}

/** The data path with an audit log on disk; see `sluice-child.ts`. */
export async function startSluice(server: PostgresServer, directory: string): Promise<Contender> {
  const { host, port, user, password, database } = server;
  const audit = join(directory, 'audit');
  const child = node('sluice-child.js', [JSON.stringify({ host, port, user, password, database, audit })]);
  const login = { user: 'agent', password: GOOD_TOKEN, database: 'bench-db' };
  return contender('sluice', child, await announcedPort(child), login);
}

/** pgbouncer in session mode: a backend for each client, as the others have it. It refuses to run as root. */
export async function startPgbouncer(server: PostgresServer, directory: string): Promise<Contender> {
  const home = join(directory, 'pgbouncer');
  const port = await freePort();
  const { user, password, database } = server;
  await mkdir(home);
  const upstream = `host=${server.host} port=${server.port} dbname=${database} user=${user} password=${password}`;
  const settings = [
    '[databases]',
    `${database} = ${upstream}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = any',
    'pool_mode = session',
    'default_pool_size = 30',
    'ignore_startup_parameters = extra_float_digits',
    '',
  ];
  const path = join(home, 'pgbouncer.ini');
  await writeFile(path, settings.join('\n'));
  // Read by the user that it runs as; the only secret in it is that of a test server.
  for (const [name, mode] of [
    [directory, 0o755],
    [home, 0o755],
    [path, 0o644],
  ] as const) {
    await chmod(name, mode);
  }
  const nobody = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const child = spawn('/usr/sbin/pgbouncer', ['-q', path], {
    ...nobody,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await untilListening(child, port);
  return contender('pgbouncer', child, port, { user, password, database });
}

const NOBODY = 65_534;

function node(script: string, args: readonly string[]): ChildProcess {
  const path = fileURLToPath(new URL(script, import.meta.url));
  return spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
}

function contender(name: string, child: ChildProcess, port: number, login: Contender['login']): Contender {
  const abandon = (): unknown => child.kill('SIGKILL');
  process.once('exit', abandon);
  return {
    name,
    port,
    login,
    pid: child.pid,
    stop: async () => {
      process.off('exit', abandon);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** A child says `listening PORT` on its first line. */
async function announcedPort(child: ChildProcess): Promise<number> {
  const early = once(child, 'exit').then(() => {
    throw new Error('a proxy ended before it listened');
  });
  const [line] = (await Promise.race([once(child.stdout ?? child, 'data'), early])) as [Buffer];
  return Number(/listening (\d+)/.exec(line.toString())?.[1]);
}

async function untilListening(child: ChildProcess, port: number): Promise<void> {
  for (let turns = 0; turns < 100 && child.exitCode === null; turns++) {
    const socket = connect(port, '127.0.0.1');
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('pgbouncer does not listen');
}
