/** Every test file is run, and its suite says what it needs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PACKAGES, readText, ROOT, sourceFiles } from './source-tree.js';

interface Runner {
  readonly findTestFiles: (
    root: string,
  ) => readonly { readonly source: string; readonly suite?: { readonly needs: readonly string[] } }[];
}

const runner: Runner = await import(new URL('../../suites.mjs', import.meta.url).href);
const found = runner.findTestFiles(ROOT);

test('the runner finds every test file once and knows its suite', () => {
  const written = [...PACKAGES.values()].flatMap(sourceFiles).filter((file) => file.endsWith('.test.ts'));
  assert.deepEqual(found.map(({ source }) => source).sort(), written.sort());
  assert.deepEqual(
    found.filter(({ suite }) => suite === undefined),
    [],
  );
});

for (const [tool, sign] of [
  ['postgres', /support\/postgres-server\.js'/],
  ['psql', /\(\s*'psql'/],
  ['pgbench', /\(\s*'pgbench'/],
  ['buf', /\(\s*'buf'/],
] as const) {
  test(`a test that uses ${tool} is in a suite that asks for it`, () => {
    const silent = found.filter(
      ({ source, suite }) => sign.test(readText(source)) && !suite?.needs.includes(tool),
    );
    assert.deepEqual(
      silent.map(({ source }) => source),
      [],
    );
  });
}
