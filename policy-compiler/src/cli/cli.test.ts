import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Io } from './io.js';
import { run } from './run.js';

const POLICIES = fileURLToPath(new URL('../../../policies', import.meta.url));
const NOW_MS = Date.UTC(2026, 0, 2);

interface Shell {
  readonly dir: string;
  sluice(...argv: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
}

async function shell(t: TestContext): Promise<Shell> {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-cli-'));
  t.after(() => rm(dir, { recursive: true }));
  return {
    dir,
    async sluice(...argv) {
      let out = '';
      let err = '';
      const io: Io = {
        stdout: (text) => void (out += text),
        stderr: (text) => void (err += text),
        colour: false,
        cwd: dir,
        nowMs: () => NOW_MS,
      };
      const code = await run(argv, io);
      return { code, out, err };
    },
  };
}

test('init makes a repository that passes check, test, fmt and build, and never overwrites', async (t) => {
  const { sluice, dir } = await shell(t);
  assert.equal((await sluice('init', 'repo')).code, 0);
  for (const argv of [
    ['check', 'repo', '--strict'],
    ['test', 'repo'],
    ['fmt', 'repo', '--check'],
    ['build', 'repo', '-o', 'bundle.tar.gz'],
  ]) {
    const { code, out, err } = await sluice(...argv);
    assert.equal(code, 0, `${argv.join(' ')}\n${out}${err}`);
  }
  await writeFile(join(dir, 'repo/agents.yaml'), 'mine\n');
  await rm(join(dir, 'repo/connections.yaml'));
  const again = await sluice('init', 'repo');
  assert.equal(again.code, 1);
  assert.match(again.err, /SLU1061 .*agents\.yaml/);
  assert.equal(await readFile(join(dir, 'repo/agents.yaml'), 'utf8'), 'mine\n');
  await assert.rejects(
    stat(join(dir, 'repo/connections.yaml')),
    'nothing is written when something is in the way',
  );
});

test('the policies that ship pass check and test, and every rule is reached', async (t) => {
  const { sluice } = await shell(t);
  const checked = await sluice('check', POLICIES, '--strict');
  assert.equal(checked.code, 0, checked.err);
  const tested = await sluice('test', POLICIES, '--json');
  const { ok, rules } = JSON.parse(tested.out) as { ok: boolean; rules: { covered: number; total: number } };
  assert.equal(ok, true, tested.out);
  assert.equal(rules.covered, rules.total);
});

test('build, keygen, sign and verify work together, and a rebuild gives every entry again', async (t) => {
  const { sluice, dir } = await shell(t);
  await sluice('keygen', '-o', 'key.json', '--trust', 'trust.yaml', '--audience', 'prod');
  assert.equal((await stat(join(dir, 'key.json'))).mode & 0o777, 0o600);
  assert.equal((await sluice('build', POLICIES, '-o', 'b.tar.gz', '--audience', 'prod')).code, 0);
  const unsigned = await sluice('verify', 'b.tar.gz', '--trust', 'trust.yaml');
  assert.equal(unsigned.code, 1);
  assert.match(unsigned.err, /SLU3\d{3}/);
  assert.equal((await sluice('sign', 'b.tar.gz', '--key', 'key.json')).code, 0);
  const verified = await sluice(
    'verify',
    'b.tar.gz',
    '--trust',
    'trust.yaml',
    '--rebuild',
    POLICIES,
    '--json',
  );
  assert.equal(verified.code, 0, verified.err + verified.out);
  assert.equal((JSON.parse(verified.out) as { rebuilt?: boolean }).rebuilt, true);
  await sluice('init', 'other');
  const other = await sluice('verify', 'b.tar.gz', '--trust', 'trust.yaml', '--rebuild', 'other');
  assert.equal(other.code, 1);
  assert.match(other.err, /came out different/);
});

test('keygen replaces no key', async (t) => {
  const { sluice, dir } = await shell(t);
  await sluice('keygen');
  const before = await readFile(join(dir, 'sluice-key.json'), 'utf8');
  assert.equal((await sluice('keygen')).code, 1);
  assert.equal(await readFile(join(dir, 'sluice-key.json'), 'utf8'), before);
});

test('build refuses policies that fail their own tests, and writes nothing', async (t) => {
  const { sluice, dir } = await shell(t);
  await sluice('init', 'repo');
  const tests = join(dir, 'repo/tests/agents.yaml');
  await writeFile(
    tests,
    (await readFile(tests, 'utf8')).replace('expect: require_approval', 'expect: allow'),
  );
  const { code, err } = await sluice('build', 'repo', '-o', 'b.tar.gz');
  assert.equal(code, 1);
  assert.match(err, /repo\/tests\/agents\.yaml:\d+:\d+ error SLU1050/);
  await assert.rejects(stat(join(dir, 'b.tar.gz')));
  const failed = await sluice('test', 'repo');
  assert.equal(failed.code, 1);
  assert.match(failed.out, /outcome {2}allow {5}require_approval/);
  assert.match(failed.out, /agents\/change-invoices \(require_approval\) repo\/agents\.yaml:\d+:\d+/);
});

test('explain shows decision, rules with their places, facts, masks and the rewritten statement', async (t) => {
  const { sluice } = await shell(t);
  const request = ['--on', 'shop-db', '--group', 'support-agents', '--sql', 'SELECT ssn FROM customers'];
  const { code, out } = await sluice('explain', POLICIES, ...request);
  assert.equal(code, 0);
  assert.match(out, /^allow\n/);
  assert.match(out, /support-agents\/hide-ssn .*support-agents\.yaml:\d+:\d+/);
  assert.match(out, /public\.customers\.ssn: redact/);
  assert.match(out, /sql\.kind = "select"/);
  assert.match(out, /\[redacted\]/);
  const denied = await sluice(
    'explain',
    POLICIES,
    ...request.slice(0, 4),
    '--sql',
    'DROP TABLE orders',
    '--json',
  );
  assert.equal((JSON.parse(denied.out) as { outcome: string }).outcome, 'deny');
});

test('explain of a bundle wants it verified', async (t) => {
  const { sluice } = await shell(t);
  await sluice('keygen');
  await sluice('build', POLICIES, '-o', 'b.tar.gz', '--key', 'sluice-key.json');
  const request = ['--on', 'shop-db', '--group', 'analysts', '--sql', 'SELECT id FROM orders'];
  assert.match((await sluice('explain', 'b.tar.gz', ...request)).err, /SLU1060 .*--trust/);
  const catalog = join(POLICIES, 'catalogs/shop-db.yaml');
  const { out, err } = await sluice(
    'explain',
    'b.tar.gz',
    ...request,
    '--trust',
    'trust.yaml',
    '--catalog',
    catalog,
  );
  assert.match(out, /^allow\n/, err);
});

test('fmt writes the canonical layout once', async (t) => {
  const { sluice, dir } = await shell(t);
  await sluice('init', 'repo');
  const file = join(dir, 'repo/agents.yaml');
  const tidy = await readFile(file, 'utf8');
  await writeFile(file, tidy.replace('[select]', '[  select  ]'));
  assert.equal((await sluice('fmt', 'repo', '--check')).code, 1);
  assert.match((await sluice('fmt', 'repo')).out, /^repo\/agents\.yaml\n/);
  assert.equal(await readFile(file, 'utf8'), tidy);
});

test('check exits with 1 on an error, and on a warning only when strict', async (t) => {
  const { sluice, dir } = await shell(t);
  await sluice('init', 'repo');
  const file = join(dir, 'repo/agents.yaml');
  const text = await readFile(file, 'utf8');
  await writeFile(
    file,
    text.replace('[update]', '[update, insert]').replace('public.api_keys', 'public.api_*'),
  );
  assert.equal((await sluice('check', 'repo')).code, 0);
  await writeFile(file, text.replace('public.api_keys', "'public.apikeys*'"));
  assert.equal((await sluice('check', 'repo')).code, 0);
  assert.equal((await sluice('check', 'repo', '--strict')).code, 1);
  await writeFile(file, text.replace('public.api_keys', 'public.api_key'));
  const { code, err } = await sluice('check', 'repo');
  assert.equal(code, 1);
  assert.match(err, /repo\/agents\.yaml:\d+:\d+ error SLU1024 .*did you mean `public\.api_keys`/);
});

test('a command that is not understood exits with 2, help and version with 0', async (t) => {
  const { sluice } = await shell(t);
  assert.equal((await sluice('chekc')).code, 2);
  assert.equal((await sluice('check', '--nope')).code, 2);
  assert.equal((await sluice('explain')).code, 2);
  assert.equal((await sluice('--help')).code, 0);
  assert.equal((await sluice('build', '--help')).code, 0);
  assert.match((await sluice('--version')).out, /^\d+\.\d+\.\d+\n$/);
});

test('bad values of options are usage errors with a message', async (t) => {
  const { sluice } = await shell(t);
  for (const argv of [
    ['build', POLICIES, '--bundle-version', '0'],
    ['build', POLICIES, '--expires', 'soon'],
    ['explain', POLICIES, '--on', 'shop-db', '--sql', 'SELECT 1', '--fact', 'sql.joins=many'],
  ]) {
    const { code, err } = await sluice(...argv);
    assert.equal(code, 2, argv.join(' '));
    assert.match(err, /SLU1060/);
  }
});

test('a folder or file that is not there is named, without a stack trace', async (t) => {
  const { sluice } = await shell(t);
  for (const argv of [
    ['check', 'nowhere'],
    ['sign', 'nothing.tar.gz', '--key', 'none.json'],
    ['verify', 'x', '--trust', 'y'],
  ]) {
    const { code, err } = await sluice(...argv);
    assert.equal(code, 1);
    assert.match(err, /SLU1046/);
    assert.doesNotMatch(err, /\n\s+at /);
  }
});

test('completion offers every command in every shell', async (t) => {
  const { sluice } = await shell(t);
  for (const name of ['bash', 'zsh', 'fish']) {
    const { code, out } = await sluice('completion', name);
    assert.equal(code, 0);
    for (const command of ['init', 'explain', 'enforce', '--rebuild'.slice(2)])
      assert.ok(out.includes(command), `${name} ${command}`);
  }
  assert.equal((await sluice('completion', 'tcsh')).code, 2);
});
