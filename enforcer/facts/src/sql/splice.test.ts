import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toBytes } from './byte-text.js';
import { splice } from './splice.js';

const original = toBytes('añ b 日本 c');

test('replaces, inserts and removes at byte offsets', () => {
  const { text } = splice(original, [
    { start: 6, end: 12, text: 'X' },
    { start: 0, end: 0, text: '<' },
    { start: 4, end: 5, text: '' },
  ]);
  assert.equal(text, '<añ  X c');
});

test('edits of one place keep their order and overlapping ones are a fault', () => {
  const { text } = splice(original, [
    { start: 4, end: 4, text: '1' },
    { start: 4, end: 5, text: '2' },
  ]);
  assert.equal(text, 'añ 12 日本 c');
  const overlapping = [
    { start: 0, end: 4, text: '' },
    { start: 3, end: 5, text: '' },
  ];
  assert.throws(() => splice(original, overlapping));
});

test('maps every position back, counted in characters', () => {
  const { text, mapPosition } = splice(original, [{ start: 4, end: 5, text: 'éé' }]);
  assert.equal(text, 'añ éé 日本 c');
  const mapped = Array.from(text, (_, index) => mapPosition(index + 1));
  assert.deepEqual(mapped, [1, 2, 3, 4, 4, 5, 6, 7, 8, 9]);
  assert.equal(mapPosition(11), 10);
});
