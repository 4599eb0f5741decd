import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REQUEST_ERRORS } from '@sluice/schemas';
import { found, refused } from '../result.js';
import type { ClassifiedSql } from './classify.js';
import { Judgements } from './judgements.js';

const judged = found<ClassifiedSql>({
  statements: [],
  accesses: [],
  columns: [],
  facts: {},
  writes: false,
  rewrite: () => refused(REQUEST_ERRORS.internal, 'not asked'),
});

const left = (judgements: Judgements, keys: readonly string[]): readonly string[] =>
  keys.filter((key) => judgements.recall(key) !== undefined);

test('keeps as many judgements as fit, and of them the most recently used', () => {
  const judgements = new Judgements({ entries: 2, characters: 100 });
  judgements.keep('a', judged);
  judgements.keep('b', judged);
  judgements.recall('a');
  judgements.keep('c', judged);
  assert.deepEqual(left(judgements, ['a', 'b', 'c']), ['a', 'c']);
});

test('keeps texts within their bound of characters, and none that is longer', () => {
  const judgements = new Judgements({ entries: 9, characters: 10 });
  for (const key of ['aaaa', 'bbbb', 'bbbb', 'cc', 'd']) judgements.keep(key, judged);
  assert.deepEqual(left(judgements, ['aaaa', 'bbbb', 'cc', 'd']), ['bbbb', 'cc', 'd']);
  judgements.keep('e'.repeat(11), judged);
  assert.deepEqual(left(judgements, ['bbbb', 'cc', 'd', 'e'.repeat(11)]), []);
});

test('keeps no refusal', () => {
  const judgements = new Judgements({ entries: 9, characters: 10 });
  judgements.keep('a', refused(REQUEST_ERRORS.internal, 'the parser is not loaded'));
  assert.equal(judgements.recall('a'), undefined);
});
