/** The runner of `npm test` finds what went wrong, in whichever way it went wrong. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

const REPORTER = new URL('../../reporter.mjs', import.meta.url).href;

interface Report {
  readonly text: string;
  readonly tests: number;
  readonly failures: number;
}

/** Runs test files of the given texts the way `test/run.mjs` does, in a process of its own. */
function report(t: TestContext, texts: Readonly<Record<string, string>>): Report {
  const root = mkdtempSync(join(tmpdir(), 'sluice-runner-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const files = Object.entries(texts).map(([name, text]) => {
    const path = join(root, `${name}.test.mjs`);
    writeFileSync(path, `import { describe, test } from 'node:test';\n${text}`);
    return path;
  });
  const script = `
    import { run } from 'node:test';
    import { report } from ${JSON.stringify(REPORTER)};
    const { files, root } = JSON.parse(process.argv[2]);
    let text = '', outcome;
    for await (const part of report(run({ files }), { root, onOutcome: (seen) => (outcome = seen) })) text += part;
    console.log(JSON.stringify({ text, ...outcome }));`;
  const entry = join(root, 'entry.mjs');
  writeFileSync(entry, script);
  const { NODE_TEST_CONTEXT: _inner, ...env } = process.env;
  const argument = JSON.stringify({ files, root });
  const child = spawnSync(process.execPath, [entry, argument], { env, encoding: 'utf8', timeout: 60_000 });
  assert.equal(child.status, 0, child.stderr);
  return JSON.parse(child.stdout) as Report;
}

const PASSES = `test('passes', () => {});`;

test('files that pass are counted and the counts are those of node', (t) => {
  const { text, tests, failures } = report(t, {
    a: PASSES + PASSES,
    b: `describe('s', () => { ${PASSES} });`,
  });
  assert.equal(failures, 0, text);
  assert.equal(tests, 3);
  for (const line of ['# tests 3', '# pass 3', '# fail 0']) assert.ok(text.includes(`\n${line}\n`), text);
});

for (const [what, broken, sign] of [
  ['a failed test', `test('breaks', () => { throw new Error('on purpose'); });`, 'on purpose'],
  [
    'a failed test in a suite',
    `describe('s', () => { test('breaks', () => { throw new Error('deep'); }); });`,
    'deep',
  ],
  [
    'a hook that fails',
    `import { before } from 'node:test'; before(() => { throw new Error('hook'); }); ${PASSES}`,
    'hook',
  ],
  ['a file that cannot be loaded', `throw new Error('no load');`, 'no load'],
  ['a file without a test', ``, 'it holds no test'],
  ['a process that ends in the middle', `test('quits', () => { process.exit(3); });`, 'broken.test.mjs'],
] as const) {
  test(`${what} fails the run and is shown`, (t) => {
    const { text, failures } = report(t, { fine: PASSES, broken });
    assert.ok(failures > 0, text);
    assert.ok(text.includes(sign), text);
    assert.ok(text.includes('FAIL broken.test.mjs'), text);
  });
}
