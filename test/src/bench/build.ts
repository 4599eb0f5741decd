/**
 * How long `sluice build` takes, and how much memory: 10,000 rules in several files read, checked, planned, linked,
 * tested and signed by the command itself, in a process of its own. The peer is the bar: 5 s and 600 MB.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const CLI = fileURLToPath(new URL('../../../policy-compiler/bin/sluice.js', import.meta.url));
const PEAK = fileURLToPath(new URL('build/report-peak.js', import.meta.url));

const BARS = { seconds: 5, peak_mb: 600 } as const;
const RULES = 10_000;
const RULES_PER_FILE = 500;
const TABLES = 401;
const GROUPS = 100;

export interface BenchOptions {
  readonly json: boolean;
  readonly filter?: string;
}

export async function run(options: BenchOptions): Promise<void> {
  const name = `rules-${RULES}`;
  if (options.filter !== undefined && !name.includes(options.filter)) return;
  const root = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  try {
    await writeRepository(join(root, 'policies'));
    const key = join(root, 'key.json');
    await sluice(['keygen', '-o', key, '--trust', join(root, 'trust.yaml')]);
    const out = join(root, 'bundle.tar.gz');
    const started = process.hrtime.bigint();
    const { stderr } = await sluice(['build', join(root, 'policies'), '-o', out, '--key', key]);
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    const peakMb = Number(/peak_rss_kb=(\d+)/.exec(stderr)?.[1]) / 1024;
    await sluice(['verify', out, '--trust', join(root, 'trust.yaml')]);
    print(options, name, 'seconds', 's', seconds);
    print(options, name, 'peak_mb', 'MB', peakMb);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

function sluice(args: readonly string[]): Promise<{ stderr: string }> {
  return promisify(execFile)(process.execPath, ['--import', PEAK, CLI, ...args], { timeout: 120_000 });
}

function print(
  options: BenchOptions,
  name: string,
  metric: keyof typeof BARS,
  unit: string,
  ours: number,
): void {
  const peerValue = BARS[metric];
  const line = {
    bench: 'build',
    case: name,
    metric,
    unit,
    ours: Number(ours.toFixed(2)),
    peer: 'bar',
    peer_value: peerValue,
    ratio: Number((ours / peerValue).toFixed(3)),
  };
  console.log(
    options.json
      ? JSON.stringify(line)
      : `build ${name}: ${line.ours} ${unit}, bar ${peerValue} ${unit}, ratio ${line.ratio}`,
  );
}

/** Rules of every effect over many tables and groups, some with conditions of their own, so that nothing is shared by luck. */
async function writeRepository(root: string): Promise<void> {
  await mkdir(root);
  await writeFile(join(root, 'connections.yaml'), connections());
  await writeFile(join(root, 'catalog.yaml'), catalog());
  await writeFile(join(root, 'tests.yaml'), tests());
  for (let file = 0; file < RULES / RULES_PER_FILE; file++) {
    await writeFile(join(root, `policy-${file}.yaml`), policy(file));
  }
}

const connections = (): string =>
  'apiVersion: sluice/v1\nkind: Connection\nmetadata: { name: db }\nspec: { protocol: postgres, catalog: ./catalog.yaml }\n';

function catalog(): string {
  const tables = Array.from(
    { length: TABLES },
    (_, i) => `    app.t${i}: { columns: { id: bigint, owner: text, note: text, secret: text } }\n`,
  );
  return `apiVersion: sluice/v1\nkind: Catalog\nmetadata: { name: db }\nspec:\n  relations:\n${tables.join('')}`;
}

function tests(): string {
  return [
    'apiVersion: sluice/v1\nkind: PolicyTest\nmetadata: { name: all }\nspec:\n  on: db\n  cases:\n',
    '    - { as: { groups: [nobody] }, sql: SELECT * FROM app.t1, expect: deny }\n',
    '    - { as: { groups: [g0] }, sql: SELECT id FROM app.t0, expect: allow }\n',
  ].join('');
}

function policy(file: number): string {
  const rules = Array.from({ length: RULES_PER_FILE }, (_, i) => rule(file * RULES_PER_FILE + i, i));
  return [
    `apiVersion: sluice/v1\nkind: Policy\nmetadata: { name: p${file}, owner: "@acme/team-${file}" }\nspec:\n`,
    `  subjects: { groups: [g${file % GROUPS}, h${file}] }\n  connections: [db]\n  rules:\n`,
    ...rules,
  ].join('');
}

function rule(number: number, index: number): string {
  const table = `app.t${number % TABLES}`;
  const id = `    - id: r${index}\n`;
  switch (number % 5) {
    case 0:
      return `${id}      effect: allow\n      actions: [select]\n      resources: [${table}]\n      limits: { rows: ${100 + number}, rate: 60/m }\n`;
    case 1:
      return `${id}      effect: allow\n      actions: [insert, update]\n      resources: [${table}]\n      when: session.intent != "" && sql.joins < ${number}\n`;
    case 2:
      return `${id}      effect: deny\n      actions: [delete]\n      resources: [${table}]\n      when: '!sql.has_where || sql.statements > ${1 + (number % 7)}'\n      message: Delete row by row\n`;
    case 3:
      return `${id}      effect: require_approval\n      actions: [update]\n      resources: [${table}]\n      approval: { approvers: [dba-${number % 9}], expires: 15m }\n`;
    default:
      return `${id}      effect: mask\n      columns: [${table}.secret]\n      with: redact\n`;
  }
}
