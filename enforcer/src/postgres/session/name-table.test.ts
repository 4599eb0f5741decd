import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NameTable } from './name-table.js';

test('a change that failed is taken back', () => {
  const table = new NameTable<string>();
  table.set('s', 'first', 1).confirm();
  const second = table.set('s', 'second', 2);
  assert.equal(table.get('s'), 'second');
  second.undo();
  assert.equal(table.get('s'), 'first');
});

test('a deletion that was skipped is taken back, and one that happened is for good', () => {
  const table = new NameTable<string>();
  table.set('s', 'first', 1).confirm();
  const skipped = table.delete('s', 2);
  assert.equal(table.get('s'), undefined);
  skipped.undo();
  assert.equal(table.get('s'), 'first');
  table.delete('s', 3).confirm();
  assert.equal(table.get('s'), undefined);
  assert.equal(table.size, 0);
});

test('changes of one segment are undone from the last to the first', () => {
  const table = new NameTable<string>();
  table.set('s', 'first', 1).confirm();
  const changes = [table.delete('s', 2), table.set('s', 'second', 2), table.set('s', 'third', 2)];
  for (const change of changes.toReversed()) change.undo();
  assert.equal(table.get('s'), 'first');
});

test('a name is open to later segments until its change is settled, and not to its own', () => {
  const table = new NameTable<string>();
  const change = table.set('s', 'value', 5);
  assert.equal(table.isOpen('s', 5), false);
  assert.equal(table.isOpen('s', 6), true);
  change.confirm();
  assert.equal(table.isOpen('s', 6), false);
});
