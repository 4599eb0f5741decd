/** The error-code table, its page and its use hold together. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS, type ErrorDefinition } from '@sluice/schemas';
import { AREAS, renderErrorsPage } from './errors-page.js';
import { PACKAGES, readText, sourceFiles } from './source-tree.js';

const rows: readonly ErrorDefinition[] = Object.values(ERRORS);
const sources = [...PACKAGES.values()]
  .flatMap(sourceFiles)
  .filter((file) => !file.startsWith('schemas/src/errors/'));

test('ERRORS.md says what the table says', () => {
  assert.equal(readText('ERRORS.md'), renderErrorsPage(), 'ERRORS.md is stale: run `npm run generate`');
});

test('every row is on the page and every heading of the page has a row', () => {
  const headings = [...readText('ERRORS.md').matchAll(/^### (SLU\d{4}) `(\w+)`$/gm)];
  const listed = headings.map(([, code, name]) => `${code} ${name}`).sort();
  assert.deepEqual(listed, rows.map(({ code, name }) => `${code} ${name}`).sort());
});

test('a code is given once', () => {
  assert.equal(new Set(rows.map(({ code }) => code)).size, rows.length);
  const named = AREAS.flatMap((area) => Object.keys(area.rows));
  assert.equal(new Set(named).size, named.length, 'two areas use one name');
});

for (const { title, thousands, rows: area } of AREAS) {
  test(`codes of "${title}" begin with ${thousands.join(' or ')}`, () => {
    const numbers = Object.values(area).map(({ code }) => Number(code.slice('SLU'.length)));
    for (const number of numbers) assert.ok(thousands.includes(Math.floor(number / 1000)), `SLU${number}`);
    assert.ok(numbers.length > 0);
  });
}

test('titles are lowercase without a full stop, help is a sentence', () => {
  for (const { code, title, help } of rows) {
    assert.match(code, /^SLU\d{4}$/);
    assert.match(title, /^[^A-Z].*[^.]$|^[A-Z]{2,}.*[^.]$/, `title of ${code}`);
    assert.match(help, /\S[.)]$/, `help of ${code}`);
  }
});

test('every code that the sources and documents mention is in the table', () => {
  const codes = new Set<string>(rows.map(({ code }) => code));
  const documents = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'];
  for (const path of [...sources, ...documents]) {
    for (const [code] of readText(path).matchAll(/\bSLU\d{4}\b/g))
      assert.ok(codes.has(code), `${path}: ${code}`);
  }
});

test('every row is raised somewhere', () => {
  const text = sources
    .filter((file) => !file.endsWith('.test.ts'))
    .map(readText)
    .join('\n');
  const unused = rows.filter(({ name }) => !new RegExp(`\\b${name}\\b`).test(text));
  assert.deepEqual(
    unused.map(({ code, name }) => `${code} ${name}`),
    [],
  );
});
