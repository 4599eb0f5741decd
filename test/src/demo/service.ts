/** Runs a command of `sluice` that goes on until it is stopped, and keeps what it said. */
import { once } from 'node:events';
import { spawnSluice } from '../support/run-sluice.js';

export interface Service {
  /** Everything it logged so far. */
  log(): string;
  ended(): boolean;
  /** SIGTERM, and SIGKILL when it does not drain in time. */
  stop(): Promise<void>;
}

const DRAIN_TIMEOUT_MS = 10_000;
const KEPT_CHARACTERS = 100_000;

export function startService(cwd: string, ...args: string[]): Service {
  const child = spawnSluice(cwd, args);
  let log = '';
  const keep = (chunk: Buffer): void => {
    log = (log + chunk.toString()).slice(-KEPT_CHARACTERS);
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
