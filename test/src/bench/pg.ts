/**
 * What a query costs in the proxy: CPU time of its process under `pgbench` with eight clients, one row by primary
 * key, beside a bare byte pipe in Node and beside pgbouncer, in the same run and interleaved. `tps` stands beside
 * the server without any proxy.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres, type PostgresServer } from '../support/postgres-server.js';
import { measure, runPgbench, type Contender } from './pg/measure.js';
import { startBytePipe, startPgbouncer, startSluice } from './pg/proxies.js';

const CASES = ['simple', 'extended', 'prepared'] as const;
const ROUNDS = 3;
const SECONDS = 2;
const SCALE = 5;

export interface BenchOptions {
  readonly json: boolean;
  readonly filter?: string;
}

interface Line {
  readonly bench: 'pg';
  readonly case: string;
  readonly metric: 'cpu_us_per_query' | 'tps';
  readonly unit: 'us' | '1/s';
  readonly ours: number;
  readonly peer: string;
  readonly peer_value: number;
  readonly ratio: number;
}

export async function run({ json, filter }: BenchOptions): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-bench-pg-'));
  const server = await startPostgres({ shop: false, settings: { shared_buffers: '128MB' } });
  const contenders: Contender[] = [directTo(server)];
  try {
    const script = await fill(server, directory);
    contenders.push(
      await startBytePipe(server),
      await startPgbouncer(server, directory),
      await startSluice(server, directory),
    );
    for (const name of CASES.filter((candidate) => !filter || candidate === filter)) {
      const lines = await compare(name, contenders, script);
      for (const line of lines) print(line, json);
    }
  } finally {
    for (const contender of contenders.toReversed()) await contender.stop();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

const directTo = ({ port, user, password, database }: PostgresServer): Contender => ({
  name: 'direct',
  port,
  login: { user, password, database },
  pid: undefined,
  stop: async () => {},
});

/** The tables of pgbench, and its `-S` transaction as a script: the built-in one first asks the system catalog. */
async function fill(server: PostgresServer, directory: string): Promise<string> {
  await runPgbench(directTo(server), ['-i', '-q', '-s', String(SCALE)]);
  const script = join(directory, 'select.sql');
  const text = [
    `\\set aid random(1, ${100_000 * SCALE})`,
    'SELECT abalance FROM pgbench_accounts WHERE aid = :aid;',
    '',
  ];
  await writeFile(script, text.join('\n'));
  return script;
}

async function compare(
  name: string,
  contenders: readonly Contender[],
  script: string,
): Promise<readonly Line[]> {
  const measured = await measure(contenders, { protocol: name, script, rounds: ROUNDS, seconds: SECONDS });
  const of = (contender: string) => {
    const found = measured.get(contender);
    if (found === undefined) throw new Error(`${contender} was not measured`);
    return found;
  };
  const ours = of('sluice');
  const cpu = ['byte-pipe', 'pgbouncer'].map((peer) =>
    lineOf(name, 'cpu_us_per_query', ours.cpuUs, peer, of(peer).cpuUs),
  );
  return [...cpu, lineOf(name, 'tps', ours.tps, 'direct', of('direct').tps)];
}

function lineOf(name: string, metric: Line['metric'], ours: number, peer: string, peerValue: number): Line {
  const unit = metric === 'tps' ? '1/s' : 'us';
  const ratio = Number((ours / peerValue).toFixed(3));
  const [one, other] = [ours, peerValue].map((value) => Number(value.toFixed(1))) as [number, number];
  return { bench: 'pg', case: name, metric, unit, ours: one, peer, peer_value: other, ratio };
}

function print(line: Line, json: boolean): void {
  if (json) console.log(JSON.stringify(line));
  else {
    const { case: name, metric, unit, ours, peer, peer_value, ratio } = line;
    console.log(
      `${name.padEnd(9)} ${metric.padEnd(17)} ${ours} ${unit}, ${peer} ${peer_value} ${unit}: ${ratio}`,
    );
  }
}
