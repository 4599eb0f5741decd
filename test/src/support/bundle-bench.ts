/** An enforcer's bundles for tests of faults: a directory of its own, a clock that the test moves, what it reported. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPolicySource, type BundlePolicySource, type PolicySourceOptions } from '@sluice/enforcer';
import { newKey, SELECT, trustIn, type SmallBundle } from './bundles.js';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const START_MS = 1_800_000_000_000;

export const key = newKey();
export const otherKey = newKey();
const trust = await trustIn([key]);

export const bundleOf = (change: Partial<SmallBundle> = {}): SmallBundle => ({
  version: 7,
  effect: 'allow',
  keys: [key],
  nowMs: START_MS,
  ...change,
});

export class BundleBench {
  nowMs = START_MS;
  events: string[] = [];
  readonly #running: BundlePolicySource[] = [];

  private constructor(readonly dir: string) {}

  static async open(): Promise<BundleBench> {
    return new BundleBench(await mkdtemp(join(tmpdir(), 'sluice-bundles-')));
  }

  async close(): Promise<void> {
    for (const source of this.#running) await source.stop();
    await rm(this.dir, { recursive: true });
  }

  /** Where the newest bundle lies. */
  get file(): string {
    return join(this.dir, 'bundle.tar.gz');
  }

  async start(change: Partial<PolicySourceOptions> = {}): Promise<BundlePolicySource> {
    const source = createPolicySource({
      source: this.file,
      trust,
      stateDir: join(this.dir, 'state'),
      // Looks are asked for; the timer only stands behind them.
      pollMs: HOUR_MS,
      staleAfterMs: 10 * MINUTE_MS,
      failClosedAfterMs: 24 * HOUR_MS,
      clock: { now: () => this.nowMs, monotonicUs: () => (this.nowMs - START_MS) * 1000 },
      log: { info: () => undefined, warn: () => undefined },
      onEvent: ({ operation, code }) => void this.events.push(`${operation} ${code}`.trim()),
      ...change,
    });
    this.#running.push(source);
    await source.start();
    return source;
  }

  async publish(bytes: Uint8Array): Promise<void> {
    await writeFile(join(this.dir, 'next'), bytes);
    await rename(join(this.dir, 'next'), this.file);
  }

  async stateFile(name: string): Promise<string> {
    const [channel = ''] = await readdir(join(this.dir, 'state'));
    return join(this.dir, 'state', channel, name);
  }
}

export const outcome = (source: BundlePolicySource): string =>
  source.current()?.policy.decide(SELECT).outcome ?? 'nothing decides';

/** State, version and code in one line. */
export const seen = (source: BundlePolicySource): string => {
  const { state, code, version } = source.status();
  return `${state} ${version} ${code}`.trim();
};

export async function until(reached: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + 10_000;
  while (!reached()) {
    assert.ok(Date.now() < deadlineMs, 'waited too long');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
