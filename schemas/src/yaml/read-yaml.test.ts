import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FILE_LIMIT_BYTES, readYaml } from './read-yaml.js';
import { keyOriginAt, originAt, toValue } from './tree.js';

const read = (text: string) => readYaml('f.yaml', new TextEncoder().encode(text));
const names = (text: string): string[] => read(text).diagnostics.map(({ name }) => name);

test('reads values of YAML 1.2 core and nothing more', () => {
  const [document] = read(
    'a: 1\nb: [x, "no", true, null, ~]\nc: { d: 1.5 }\ne: 0x10\nf: 2001-01-01\n',
  ).documents;
  assert.ok(document);
  assert.deepEqual(JSON.parse(JSON.stringify(toValue(document.root))), {
    a: 1,
    b: ['x', 'no', true, null, null],
    c: { d: 1.5 },
    e: 16,
    f: '2001-01-01',
  });
});

test('reads several documents of one file, empty ones left out', () => {
  assert.equal(read('a: 1\n---\nb: 2\n---\n').documents.length, 2);
  assert.equal(read('# only a comment\n').documents.length, 0);
  assert.equal(read('').documents.length, 0);
});

test('knows where keys and values were written', () => {
  const [document] = read('a:\n  - x\n  - { key: value }\n').documents;
  assert.ok(document);
  const { source, start, end } = originAt(document, ['a', 1, 'key']);
  assert.equal(source.text.slice(start, end), 'value');
  assert.deepEqual(source.positionAt(start), { line: 3, column: 12 });
  const key = keyOriginAt(document, ['a', 1, 'key']);
  assert.equal(source.text.slice(key.start, key.end), 'key');
});

for (const [what, text, name] of [
  ['an anchor', 'a: &x 1\n', 'yaml_feature'],
  ['an alias', 'a: *x\n', 'yaml_feature'],
  ['an anchor on a key', '&x a: 1\n', 'yaml_feature'],
  ['an anchor on a document', '--- &x\na: 1\n', 'yaml_feature'],
  ['a tag', 'a: !!str 1\n', 'yaml_feature'],
  ['a tag on a key', '!!str a: 1\n', 'yaml_feature'],
  ['a local tag', 'a: !secret 1\n', 'yaml_feature'],
  ['a version directive', '%YAML 1.1\n---\na: no\n', 'yaml_feature'],
  ['an unknown directive', '%FOO bar\n---\na: 1\n', 'yaml_feature'],
  ['a merge key', '<<: { a: 1 }\n', 'yaml_feature'],
  ['a duplicate key', 'a: 1\na: 2\n', 'yaml_duplicate_key'],
  ['a duplicate key, once quoted', 'a: 1\n"a": 2\n', 'yaml_duplicate_key'],
  ['a number as key', '1: a\n', 'yaml_key'],
  ['a number as key beside its text', '"1": a\n1: b\n', 'yaml_key'],
  ['a list as key', '? [a]\n: 1\n', 'yaml_key'],
  ['null as key', '~: 1\n', 'yaml_key'],
  ['a key in form D', 'cafe\u0301: 1\n', 'yaml_key'],
  ['a tab that indents', 'a:\n\tb: 1\n', 'yaml_syntax'],
  ['an unclosed quote', 'a: "b\n', 'yaml_syntax'],
  ['text after a value', 'a: "b" c\n', 'yaml_syntax'],
  ['a byte order mark', '\ufeffa: 1\n', 'yaml_encoding'],
  ['a byte order mark before a second document', 'a: 1\n---\n\ufeffb: 1\n', 'yaml_encoding'],
  ['a NUL', 'a: "\u0000"\n', 'yaml_encoding'],
  ['an escaped NUL', 'a: "\\0"\n', 'yaml_encoding'],
  ['an escaped override of direction', 'a: "\\u202e"\n', 'yaml_encoding'],
  ['a lone carriage return', 'a: 1\rb: 2\n', 'yaml_encoding'],
] as const) {
  test(`refuses ${what}`, () => {
    const { documents, diagnostics } = read(text);
    assert.ok(
      diagnostics.some((finding) => finding.name === name),
      JSON.stringify(diagnostics),
    );
    assert.deepEqual(documents, []);
  });
}

test('refuses unquoted words that YAML 1.1 reads as booleans, and takes quoted ones', () => {
  for (const word of ['no', 'NO', 'yes', 'Yes', 'on', 'off', 'n', 'Y']) {
    assert.deepEqual(names(`a: ${word}\n`), ['yaml_ambiguous_word'], word);
    assert.deepEqual(names(`a: "${word}"\nb: '${word}'\n`), [], word);
  }
  assert.deepEqual(names('on: shop-db\n'), [], 'a key is always text');
});

test('refuses bytes that are not UTF-8', () => {
  const { diagnostics } = readYaml('f.yaml', new Uint8Array([0x61, 0x3a, 0x20, 0xff]));
  assert.deepEqual(
    diagnostics.map(({ name }) => name),
    ['yaml_encoding'],
  );
});

test('refuses a file above the size limit without parsing it', () => {
  const { diagnostics } = readYaml('f.yaml', new Uint8Array(FILE_LIMIT_BYTES + 1).fill(0x61));
  assert.deepEqual(
    diagnostics.map(({ name }) => name),
    ['yaml_too_large'],
  );
});

test('refuses bombs of nesting and of values quickly', () => {
  for (const text of [
    '['.repeat(50_000),
    '{a: '.repeat(50_000),
    '- '.repeat(50_000),
    `a: [${'x,'.repeat(500_000)}]`,
  ]) {
    const started = performance.now();
    assert.deepEqual(names(text), ['yaml_too_large'], text.slice(0, 10));
    assert.ok(performance.now() - started < 10_000);
  }
});

test('answers any text with documents or findings, never with an exception', () => {
  const alphabet = fc.constantFrom(...'ab:-?[]{},#&*!|>%@"\'\n \t0~'.split(''), '<<', '---\n', '\\u', ': ');
  fc.assert(
    fc.property(fc.array(alphabet, { maxLength: 60 }), (parts) => {
      const { documents, diagnostics } = read(parts.join(''));
      assert.ok(documents.length === 0 || diagnostics.length === 0);
    }),
    { numRuns: 3000 },
  );
});
