import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import type { Kind } from './kinds.js';
import { readDocument, readDocuments } from './read-documents.js';
import { KINDS } from './schema-validators.js';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const TRUST = `apiVersion: sluice/v1
kind: Trust
spec:
  issuer: acme/policies
  audience: production
  threshold: 1
  keys:
    - kid: release
      algorithm: EdDSA
      publicKey: { kty: OKP, crv: Ed25519, x: 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo }
`;

const shown = (findings: readonly Diagnostic[]): string[] =>
  findings.map(({ line, column, name, message }) => `${line}:${column} ${name} ${message}`);

/** What is wrong with a file that must hold one Trust. */
function refusalOf(text: string, kind: Kind = 'Trust'): string[] {
  const read = readDocument('f.yaml', bytesOf(text), kind);
  assert.ok(!read.ok);
  return shown(read.diagnostics);
}

for (const kind of KINDS) {
  test(`checks documents of kind ${kind} against their schema`, () => {
    const { documents, diagnostics } = readDocuments('f.yaml', bytesOf(`kind: ${kind}\nsurprise: 1\n`));
    assert.deepEqual(documents, []);
    assert.ok(
      shown(diagnostics).includes('2:1 unknown_key unknown key `surprise`'),
      shown(diagnostics).join('\n'),
    );
  });
}

test('reads the one document that a file must hold', () => {
  const read = readDocument('f.yaml', bytesOf(TRUST), 'Trust');
  assert.ok(read.ok);
  assert.equal(read.document.value.kind, 'Trust');
});

test('refuses a file with no document, or with two', () => {
  assert.deepEqual(refusalOf('# nothing\n'), ['0:0 unknown_kind the file holds no document']);
  assert.deepEqual(refusalOf(`${TRUST}---\n${TRUST}`), [
    '13:7 unknown_kind the file holds a second document',
  ]);
});

test('refuses a document of another kind without checking it further', () => {
  assert.deepEqual(refusalOf(TRUST, 'Enforcer'), ['2:7 unknown_kind the document is of kind `Trust`']);
  assert.deepEqual(refusalOf('kind: Trsut\n'), [
    '1:7 unknown_kind unknown kind `Trsut`, did you mean `Trust`',
  ]);
  assert.deepEqual(refusalOf('kind: 7\n'), ['1:7 unknown_kind unknown kind `7`']);
  assert.deepEqual(refusalOf('- kind: Trust\n'), ['1:1 unknown_kind the document has no `kind`']);
});

test('says what is expected in the words of the schema, where it has some', () => {
  const text = TRUST.replace(/keys:\n[^]*/, 'keys: []\n');
  assert.deepEqual(refusalOf(text), [
    '7:9 malformed_value a list cannot be a value of `keys`: expected a list of at least one key',
  ]);
  assert.deepEqual(refusalOf(text.replace('[]', 'none')), [
    '7:9 wrong_type expected a list of at least one key, found the text `none`',
  ]);
});

test('counts a misspelt required key as one mistake', () => {
  assert.deepEqual(refusalOf(TRUST.replace('issuer:', 'isuer:')), [
    '4:3 unknown_key unknown key `isuer`, did you mean `issuer`',
  ]);
});
