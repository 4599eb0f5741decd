import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { AUTHORING_ERRORS } from '@sluice/schemas';
import { renderDiagnostics, type Diagnostic } from '@sluice/schemas/diagnostics';
import { compileFiles } from '../repository.js';
import { untestedRules } from '../testing/coverage.js';
import { failures, runTests } from '../testing/run-tests.js';

const BAD = new URL('../../../policies/_bad/', import.meta.url);
const GOLDEN = new URL('expected/', BAD);
const files = readdirSync(BAD).filter((name) => name.endsWith('.yaml'));

/** What `sluice check` and `sluice test` together say of one file. */
async function findingsOf(name: string): Promise<readonly Diagnostic[]> {
  const compiled = compileFiles('', [{ file: name, bytes: readFileSync(new URL(name, BAD)) }]);
  if (!compiled.ok) return compiled.diagnostics;
  const { value: repository } = compiled;
  const results = await runTests(repository);
  const untested = repository.model.tests.length > 0 ? untestedRules(repository, results) : [];
  return [...repository.diagnostics, ...untested, ...failures(results)];
}

const expectedCodes = (name: string): readonly string[] =>
  readFileSync(new URL(name, BAD), 'latin1')
    .split('\n', 1)[0]
    ?.match(/SLU\d{4}/g) ?? [];

for (const name of files) {
  test(`finds what is wrong in _bad/${name}, and nothing else`, async () => {
    const findings = await findingsOf(name);
    const expected = expectedCodes(name);
    assert.ok(expected.length > 0, 'the first comment names no code');
    const [main] = expected;
    assert.ok(
      findings.some(({ code }) => code === main),
      `no finding ${main}: ${JSON.stringify(findings)}`,
    );
    for (const { code, message } of findings) assert.ok(expected.includes(code), `${code} ${message}`);
    const rendered = `${renderDiagnostics(findings, { colour: false })}\n`;
    const golden = new URL(name.replace('.yaml', '.txt'), GOLDEN);
    if (process.env['UPDATE'] === '1') {
      mkdirSync(GOLDEN, { recursive: true });
      writeFileSync(golden, rendered);
    }
    assert.equal(rendered, readFileSync(golden, 'utf8'));
  });
}

/** Findings that need a file system or a command line; `cli.test.ts` and `load-sources.test.ts` hold them. */
const ELSEWHERE = /^SLU10(?:46|6\d)$/;

test('has a bad policy for every check', () => {
  const shown = new Set(files.flatMap(expectedCodes));
  const codes = Object.values(AUTHORING_ERRORS).map(({ code }): string => code);
  const missing = codes.filter(
    (code) => code.startsWith('SLU1') && !shown.has(code) && !ELSEWHERE.test(code),
  );
  assert.deepEqual(missing, []);
});
