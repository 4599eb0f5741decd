import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareBytewise, Symbols } from './symbols.js';

test('sorts as the bytes of UTF-8 do', () => {
  const text = fc.string({ unit: 'binary', maxLength: 6 });
  fc.assert(
    fc.property(text, text, (a, b) => {
      assert.equal(Math.sign(compareBytewise(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
    { numRuns: 5000 },
  );
});

test('interns each name once and refuses others', () => {
  const symbols = new Symbols(['b', 'a', 'b']);
  assert.deepEqual(symbols.names, ['a', 'b']);
  assert.deepEqual(symbols.indexesOf(['b', 'a', 'b']), [0, 1]);
  assert.throws(() => symbols.indexOf('c'), RangeError);
});
