/** Replaces values of a DataRow by NULL, whatever their type and format. */
import { MalformedBody } from '../codec/body-reader.js';

/**
 * DataRow: 'D', length i32, count u16, per field: length i32 (-1 is NULL), bytes.
 * `fields` are indexes to blank. The length that is written is never larger than what was read.
 */
export function nullFields(buffer: Buffer, start: number, end: number, fields: ReadonlySet<number>): Buffer {
  const out = Buffer.allocUnsafe(end - start);
  buffer.copy(out, 0, start, start + 7);
  const count = buffer.readUInt16BE(start + 5);
  let from = start + 7;
  let to = 7;
  for (let index = 0; index < count; index++) {
    if (from + 4 > end) throw new MalformedBody('a row has fewer fields than it says');
    const length = buffer.readInt32BE(from);
    const next = from + 4 + Math.max(0, length);
    if (next > end) throw new MalformedBody('a field is longer than its row');
    if (fields.has(index)) out.writeInt32BE(-1, to);
    else buffer.copy(out, to, from, next);
    to += fields.has(index) ? 4 : next - from;
    from = next;
  }
  if (from !== end) throw new MalformedBody('bytes are left over at the end of a row');
  out.writeUInt32BE(to - 1, 1);
  return out.subarray(0, to);
}
