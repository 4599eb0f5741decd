import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeText } from './write-text.js';

const TEXTS = [
  '',
  'select',
  'größe',
  '名前',
  'a😀b',
  '\0',
  '\u{10ffff}',
  '\ufffd',
  '\ud800',
  'x\udc00y',
  '\ud83d',
];

for (const text of TEXTS) {
  test(`writes ${JSON.stringify(text)} as UTF-8`, () => {
    const memory = new Uint8Array(64).fill(0xaa);
    const bytes = writeText(memory, text, 8, 64);
    assert.deepEqual(Buffer.from(memory.subarray(8, 8 + bytes)), Buffer.from(text, 'utf8'));
    assert.equal(memory[7], 0xaa);
    assert.equal(memory[8 + bytes], 0xaa);
  });

  test(`refuses ${JSON.stringify(text)} where a byte is lacking`, () => {
    const length = Buffer.byteLength(text, 'utf8');
    const memory = new Uint8Array(64).fill(0xaa);
    assert.equal(writeText(memory, text, 8, 8 + length), length);
    if (length > 0) assert.equal(writeText(memory, text, 8, 8 + length - 1), -1);
    assert.equal(memory[8 + length], 0xaa);
  });
}
