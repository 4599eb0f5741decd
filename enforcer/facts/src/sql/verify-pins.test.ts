import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { loadParser, parse } from './parser.js';
import { attempt } from './refusal.js';
import { splice } from './splice.js';
import { Tokens } from './tokens.js';
import { verifyFound, verifyPins } from './verify-pins.js';
import { Findings, type Edit } from './walk/findings.js';

before(loadParser);

function verify(sql: string, edits: readonly Edit[], sent?: string): boolean | string {
  const parsed = parse(sql);
  assert.ok(parsed.ok);
  const { bytes, tokens } = parsed.value;
  const spliced = splice(bytes, edits);
  const text = sent ?? spliced.text;
  const verified = attempt(() => verifyPins(new Tokens(bytes, tokens), { ...spliced, text }));
  return verified.ok ? verified.value : verified.message;
}

test('passes texts whose tokens are the original ones and those of the edits', () => {
  assert.equal(verify('SELECT 1', []), true);
  const pins = [
    { start: 7, end: 7, text: 'pg_catalog.' },
    { start: 24, end: 27, text: '"a"."b"' },
  ];
  assert.equal(verify("SELECT lower('é') FROM tab -- end", pins), true);
});

test('refuses an edit that runs together with its neighbours', () => {
  const joined: readonly (readonly [string, Edit])[] = [
    ['SELECT a FROM"tab"', { start: 13, end: 18, text: 'b' }],
    ['SELECT a FROM"tab"', { start: 13, end: 18, text: '1' }],
    ['SELECT 1 FROM tab"x"', { start: 14, end: 17, text: '"y"' }],
    ['SELECT -tab', { start: 8, end: 11, text: '-x' }],
    ['SELECT 1 FROM tab t', { start: 14, end: 17, text: 'a /* ' }],
    ['SELECT 1 FROM tab t', { start: 14, end: 17, text: 'a --' }],
  ];
  for (const [sql, edit] of joined) assert.notEqual(verify(sql, [edit]), true, sql);
});

test('refuses a text that is not the original with its edits', () => {
  const edits = [{ start: 14, end: 17, text: '"a"."b"' }];
  assert.equal(verify('SELECT 1 FROM tab', edits, 'SELECT 1 FROM "a"."b"'), true);
  for (const sent of [
    'SELECT 2 FROM "a"."b"',
    'SELECT 1 FROM "a"."c"',
    'SELECT 1 FROM "a"."b" x',
    'SELECT 1',
  ]) {
    assert.notEqual(verify('SELECT 1 FROM tab', edits, sent), true, sent);
  }
});

test('leaves to the parser what takes the scanner to read', () => {
  assert.equal(verify("SELECT E'a' FROM tab", [{ start: 16, end: 19, text: '"a"."b"' }]), false);
  assert.equal(verify('SELECT 1 FROM tab', [{ start: 14, end: 17, text: 'U&"a"' }]), false);
});

test('refuses a tree with a relation that was not found', () => {
  const found = (sql: string, places: readonly number[]): boolean => {
    const parsed = parse(sql);
    assert.ok(parsed.ok);
    const findings = new Findings();
    for (const start of places) findings.pins.push({ start, end: start, text: '"public".' });
    const { statements } = parsed.value;
    return attempt(() => verifyFound(statements, findings)).ok;
  };
  assert.equal(found('SELECT 1 FROM a, b', [14, 17]), true);
  assert.equal(found('SELECT 1 FROM a, b', [14]), false);
  assert.equal(found('SELECT (SELECT 1 FROM a)', []), false);
  assert.equal(found('WITH a AS (SELECT 1) SELECT 1 FROM a x FOR UPDATE OF x', []), true);
  assert.equal(found('WITH a AS (SELECT 1) SELECT 1 FROM b', []), false);
  assert.equal(found('UPDATE a SET x = 1', []), false);
});
