/**
 * What a decision costs, from 10 to 100,000 rules, beside four peers on the same rules and requests in the same
 * run. Every contender must agree on every request it is measured with, or the bench fails.
 */
import { casl } from './decide/casl.js';
import { cedar } from './decide/cedar.js';
import { celIndex } from './decide/cel-index.js';
import { requestAt, type Contender } from './decide/contender.js';
import { jsIndex } from './decide/js-index.js';
import { measure, type Measurement } from './decide/measure.js';
import { cachedIds, fullEncode, loadWorkload } from './decide/sluice.js';
import { makeWorkload, type Workload } from './decide/workload.js';

const SIZES = [10, 100, 1000, 10_000, 100_000];
const REQUESTS = 256;
const SEED = 20_260_101;
const ROUNDS = 101;
/** Cedar looks at every policy for each access: few decisions are enough to see it, and many would take minutes. */
const CEDAR_REQUESTS = [256, 64, 16, 4];
const CEDAR_ROUNDS = 3;
/** Parsing 100,000 policies beforehand takes it more than two minutes. */
const CEDAR_MOST_RULES = 10_000;

export interface BenchOptions {
  readonly json: boolean;
  readonly filter?: string;
}

interface Line {
  readonly bench: 'decide';
  readonly case: string;
  readonly metric: 'ns_per_decision';
  readonly unit: 'ns';
  readonly ours: number;
  readonly peer: string;
  readonly peer_value: number;
  readonly ratio: number;
}

export async function run({ json, filter }: BenchOptions): Promise<void> {
  for (const [step, rules] of SIZES.entries()) {
    const wanted = [`ids-${rules}`, `encode-${rules}`].filter((name) => !filter || name === filter);
    if (wanted.length === 0) continue;
    const workload = makeWorkload(rules, REQUESTS, SEED + rules);
    for (const line of compare(workload, CEDAR_REQUESTS[step] ?? 1)) {
      if (wanted.includes(line.case)) print(line, json);
    }
    // Lets the garbage of one size go before the next is measured.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function compare(workload: Workload, cedarRequests: number): readonly Line[] {
  const policy = loadWorkload(workload);
  const ours = [cachedIds(workload, policy), fullEncode(workload, policy)];
  const quick = [jsIndex(workload), celIndex(workload), casl(workload)];
  requireAgreement([...ours, ...quick], workload, workload.requests.length);
  const measured = measure([...ours, ...quick], workload.requests.length, ROUNDS);
  const peers = [...measured.slice(ours.length), ...measureCedar(workload, ours, cedarRequests)];
  return measured
    .slice(0, ours.length)
    .flatMap((own) => peers.map((peer) => lineOf(own, peer, workload.rules.length)));
}

function measureCedar(
  workload: Workload,
  ours: readonly Contender[],
  requests: number,
): readonly Measurement[] {
  if (workload.rules.length > CEDAR_MOST_RULES) {
    console.error(`cedar-wasm is left out at ${workload.rules.length} rules: it takes minutes to parse them`);
    return [];
  }
  const slow = cedar(workload);
  requireAgreement([...ours, slow], workload, requests);
  return measure([slow], requests, CEDAR_ROUNDS);
}

function requireAgreement(contenders: readonly Contender[], workload: Workload, requests: number): void {
  for (let index = 0; index < requests; index++) {
    const answers = contenders.map((contender) => contender.allows(index));
    if (new Set(answers).size > 1) {
      const told = contenders.map(({ name }, i) => `${name}: ${answers[i]}`).join(', ');
      throw new Error(`request ${index} is decided differently (${told}): ${shown(workload, index)}`);
    }
  }
}

function shown(workload: Workload, index: number): string {
  return JSON.stringify(requestAt(workload, index), (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

function lineOf(own: Measurement, peer: Measurement, rules: number): Line {
  return {
    bench: 'decide',
    case: `${own.contender.name}-${rules}`,
    metric: 'ns_per_decision',
    unit: 'ns',
    ours: Math.round(own.nsPerDecision),
    peer: peer.contender.name,
    peer_value: Math.round(peer.nsPerDecision),
    ratio: Number((own.nsPerDecision / peer.nsPerDecision).toPrecision(3)),
  };
}

function print(line: Line, json: boolean): void {
  if (json) {
    console.log(JSON.stringify(line));
    return;
  }
  const ours = `${line.ours} ns`.padStart(10);
  const peer = `${line.peer_value} ns`.padStart(16);
  console.log(`${line.case.padEnd(16)}${ours}   ${line.peer.padEnd(11)}${peer}   ratio ${line.ratio}`);
}
