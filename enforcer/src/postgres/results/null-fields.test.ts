import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MalformedBody } from '../codec/body-reader.js';
import { BACKEND } from '../codec/message-types.js';
import { int16, int32, message } from '../codec/message-writer.js';
import { nullFields } from './null-fields.js';

const rowOf = (...values: readonly (string | null)[]): Buffer =>
  message(
    BACKEND.dataRow,
    int16(values.length),
    ...values.flatMap((value) =>
      value === null ? [int32(-1)] : [int32(Buffer.byteLength(value)), Buffer.from(value)],
    ),
  );

test('the given fields become NULL and the others stay', () => {
  const row = rowOf('1', 'secret', null, 'kept');
  const around = Buffer.concat([Buffer.from('xx'), row, Buffer.from('yy')]);
  const masked = nullFields(around, 2, 2 + row.length, new Set([1, 2]));
  assert.deepEqual(masked, rowOf('1', null, null, 'kept'));
});

test('a row that lies about its fields is malformed', () => {
  const row = rowOf('1', 'secret');
  for (let end = 8; end < row.length; end++) {
    assert.throws(() => nullFields(row, 0, end, new Set([1])), MalformedBody, `cut at ${end}`);
  }
});
