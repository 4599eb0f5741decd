/** Runs pgbench through each contender in turn and reads what it cost the proxy's process. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

export interface Contender {
  readonly name: string;
  readonly port: number;
  readonly login: { readonly user: string; readonly password: string; readonly database: string };
  /** The process whose CPU time counts; undefined for none. */
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

export interface Measured {
  /** Medians over the rounds. */
  readonly cpuUs: number;
  readonly tps: number;
}

export interface Plan {
  readonly protocol: string;
  readonly script: string;
  readonly rounds: number;
  readonly seconds: number;
}

const CLIENTS = 8;

export async function measure(
  contenders: readonly Contender[],
  { protocol, script, rounds, seconds }: Plan,
): Promise<ReadonlyMap<string, Measured>> {
  const samples = new Map<string, Measured[]>(contenders.map(({ name }) => [name, []]));
  const flags = ['-n', '-f', script, '-M', protocol, '-c', String(CLIENTS), '-j', '1'];
  // Round 0 warms up and does not count. Each round goes through all of them, so that a slow moment hits all.
  for (let round = 0; round <= rounds; round++) {
    for (const contender of contenders) {
      const before = cpuUsOf(contender.pid);
      const output = await runPgbench(contender, [...flags, '-T', String(round === 0 ? 1 : seconds)]);
      const queries = numberIn(output, /transactions actually processed: (\d+)/);
      const cpuUs = (cpuUsOf(contender.pid) - before) / queries;
      const tps = numberIn(output, /tps = ([\d.]+) \(without initial connection time\)/);
      if (round > 0) samples.get(contender.name)?.push({ cpuUs, tps });
    }
  }
  return new Map(
    [...samples].map(([name, all]) => [
      name,
      { cpuUs: median(all.map(({ cpuUs }) => cpuUs)), tps: median(all.map(({ tps }) => tps)) },
    ]),
  );
}

export async function runPgbench({ port, login }: Contender, flags: readonly string[]): Promise<string> {
  const address = ['-h', '127.0.0.1', '-p', String(port), '-U', login.user];
  const env = { ...process.env, PGPASSWORD: login.password, PGSSLMODE: 'disable' };
  const { stdout } = await promisify(execFile)('pgbench', [...address, ...flags, login.database], { env });
  return stdout;
}

const TICK_US = 10_000;

/** utime and stime of /proc/PID/stat, fields 14 and 15, in ticks of a hundredth of a second; all threads. */
function cpuUsOf(pid: number | undefined): number {
  if (pid === undefined) return 0;
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) * TICK_US;
}

function numberIn(output: string, shape: RegExp): number {
  const found = Number(shape.exec(output)?.[1]);
  if (!(found > 0)) throw new Error(`pgbench said something else than expected: ${output}`);
  return found;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
