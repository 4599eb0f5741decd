import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FACTS } from '@sluice/schemas';
import { READ_FACTS, readFact } from './read-fact.js';

test('every fact of the schema has its own load', () => {
  assert.deepEqual(
    FACTS.map(({ name }) => name),
    READ_FACTS,
  );
});

test('each load reads its fact and no other', () => {
  READ_FACTS.forEach((name, number) => {
    assert.equal(readFact({ [name]: name }, number, 'none'), name);
    const others = Object.fromEntries(
      READ_FACTS.filter((other) => other !== name).map((other) => [other, true]),
    );
    assert.equal(readFact(others, number, 'none'), undefined);
  });
});

test('a fact without a load is read by its name', () => {
  assert.equal(readFact({ 'future.fact': 7n }, -1, 'future.fact'), 7n);
});
