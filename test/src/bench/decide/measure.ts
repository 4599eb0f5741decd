/** Nanoseconds for each decision: contenders take turns, so that a noisy moment hits all of them; the median counts. */
import type { Contender } from './contender.js';

/** Short against the turns that a busy machine gives, so that most rounds are not interrupted. */
const ROUND_MS = 2;
/** Long enough for the last tier of the compilers. */
const WARM_UP_MS = 250;

export interface Measurement {
  readonly contender: Contender;
  readonly nsPerDecision: number;
}

export function measure(
  contenders: readonly Contender[],
  requests: number,
  rounds: number,
): readonly Measurement[] {
  const runs = contenders.map((contender) => ({
    contender,
    batch: batchOf(contender, requests),
    next: 0,
    samples: [] as number[],
  }));
  for (let round = 0; round < rounds; round++) {
    for (const run of runs) {
      const start = process.hrtime.bigint();
      const allowed = ask(run.contender, run.next, run.batch, requests);
      const elapsed = Number(process.hrtime.bigint() - start);
      if (allowed < 0) throw new Error('unreachable: a count is never negative');
      run.samples.push(elapsed / run.batch);
      run.next = (run.next + run.batch) % requests;
    }
  }
  return runs.map(({ contender, samples }) => ({ contender, nsPerDecision: median(samples) }));
}

/** As many decisions as fill a round, found by doubling once the code is warm; the best of three, lest a busy moment makes it few. */
function batchOf(contender: Contender, requests: number): number {
  const warm = performance.now() + WARM_UP_MS;
  for (let index = 0; performance.now() < warm; index = (index + 1) % requests)
    ask(contender, index, 1, requests);
  for (let batch = 1; ; batch *= 2) {
    const elapsedMs = Math.min(...[0, 1, 2].map(() => timeMs(contender, batch, requests)));
    if (elapsedMs >= ROUND_MS) return batch;
  }
}

function timeMs(contender: Contender, batch: number, requests: number): number {
  const start = performance.now();
  ask(contender, 0, batch, requests);
  return performance.now() - start;
}

function ask(contender: Contender, first: number, count: number, requests: number): number {
  let allowed = 0;
  let index = first % requests;
  for (let i = 0; i < count; i++) {
    if (contender.allows(index)) allowed++;
    if (++index === requests) index = 0;
  }
  return allowed;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}
