/** Runs the `sluice` command line as a person would, and keeps processes it started for the end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The program behind the command `sluice`, as this repository built it. */
const MAIN = fileURLToPath(new URL('../../../policy-compiler/dist/cli/main.js', import.meta.url));

export type Environment = Readonly<Record<string, string>>;

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const COMMAND_TIMEOUT_MS = 60_000;

/** Runs one command to its end. */
export async function sluice(cwd: string, args: readonly string[], env: Environment = {}): Promise<Finished> {
  const child = start(cwd, args, env);
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const timer = setTimeout(() => child.kill('SIGKILL'), COMMAND_TIMEOUT_MS);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  return { code: code ?? 1, stdout, stderr };
}

function start(cwd: string, args: readonly string[], more: Environment): ChildProcess {
  const env = { ...process.env, NO_COLOR: '1', ...more };
  return spawn(process.execPath, [MAIN, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
}

export interface Service {
  /** Everything it logged so far. */
  log(): string;
  ended(): boolean;
  /** SIGTERM, and SIGKILL when it does not drain in time. */
  stop(): Promise<void>;
}

const DRAIN_TIMEOUT_MS = 10_000;

/** Starts a command that runs until it is stopped. */
export function startSluice(cwd: string, ...args: string[]): Service {
  const child = start(cwd, args, {});
  let log = '';
  const keep = (chunk: Buffer): void => {
    log = (log + chunk.toString()).slice(-100_000);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const abandon = (): unknown => child.kill('SIGKILL');
  process.once('exit', abandon);
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    log: () => log,
    ended,
    async stop() {
      process.off('exit', abandon);
      if (ended()) return;
      const closed = once(child, 'close');
      child.kill('SIGTERM');
      const timer = setTimeout(abandon, DRAIN_TIMEOUT_MS);
      await closed;
      clearTimeout(timer);
    },
  };
}
