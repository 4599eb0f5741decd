import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MessageReader, type ReadOutcome } from './message-reader.js';
import { message } from './message-writer.js';

interface Seen {
  readonly outcome: ReadOutcome;
  readonly type: number;
  readonly bytes: string;
}

/** What a reader makes of a stream that arrives in these chunks. */
function read(chunks: readonly Buffer[], limitBytes = 1000): Seen[] {
  const reader = new MessageReader(() => limitBytes);
  const seen: Seen[] = [];
  for (const chunk of chunks) {
    reader.feed(chunk);
    for (let outcome = reader.next(); outcome !== 'more'; outcome = reader.next()) {
      const { buffer, start, end, type } = reader;
      const bytes = outcome === 'message' ? buffer.subarray(start, end).toString('latin1') : '';
      seen.push({ outcome, type, bytes });
      if (outcome === 'broken') return seen;
    }
  }
  return seen;
}

function chunked(stream: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (stream.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, index) => stream.subarray(from, places[index] ?? stream.length));
}

const messages = fc.array(
  fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 60 }))
    .map(([type, body]) => message(type, Buffer.from(body))),
  { maxLength: 6 },
);

test('every way to cut a stream into chunks gives the same messages', () => {
  fc.assert(
    fc.property(messages, fc.array(fc.nat(400), { maxLength: 12 }), (whole, cuts) => {
      const seen = read(chunked(Buffer.concat(whole), cuts));
      assert.deepEqual(
        seen.map(({ bytes }) => bytes),
        whole.map((bytes) => bytes.toString('latin1')),
      );
    }),
  );
});

test('a stream cut at every byte gives the same messages', () => {
  const whole = [message(0x51, 'SELECT 1'), message(0x53), message(0x51, 'x'.repeat(300))];
  const stream = Buffer.concat(whole);
  const seen = read([...stream].map((byte) => Buffer.from([byte])));
  assert.deepEqual(
    seen.map(({ bytes }) => bytes),
    whole.map((bytes) => bytes.toString('latin1')),
  );
});

test('a message that is whole in its chunk is not copied', () => {
  const chunk = Buffer.concat([message(0x51, 'one'), message(0x51, 'two')]);
  const reader = new MessageReader(() => 100);
  reader.feed(chunk);
  assert.equal(reader.next(), 'message');
  assert.equal(reader.buffer, chunk);
  assert.equal(reader.next(), 'message');
  assert.equal(reader.buffer, chunk);
  assert.equal(reader.next(), 'more');
});

test('an oversized message is told once and thrown away, however it is cut, and the next one is read', () => {
  const stream = Buffer.concat([message(0x51, 'x'.repeat(200)), message(0x53)]);
  for (let cut = 0; cut <= stream.length; cut++) {
    const seen = read([stream.subarray(0, cut), stream.subarray(cut)], 100);
    assert.deepEqual(
      seen.map(({ outcome, type }) => [outcome, type]),
      [
        ['oversized', 0x51],
        ['message', 0x53],
      ],
      `cut at ${cut}`,
    );
  }
});

test('an impossible length breaks the stream for good', () => {
  for (const length of [0, 3, 0x4000_0000, 0xffff_ffff]) {
    const header = Buffer.alloc(5);
    header[0] = 0x51;
    header.writeUInt32BE(length, 1);
    const reader = new MessageReader(() => 100);
    reader.feed(Buffer.concat([header, message(0x53)]));
    assert.equal(reader.next(), 'broken');
    assert.equal(reader.next(), 'broken');
  }
});

test('a large announced length takes no memory before the bytes are there', () => {
  const reader = new MessageReader(() => 0x3fff_ffff);
  const before = process.memoryUsage().arrayBuffers;
  const header = Buffer.alloc(5, 0x44);
  header.writeUInt32BE(0x3fff_0000, 1);
  reader.feed(header);
  assert.equal(reader.next(), 'more');
  assert.ok(process.memoryUsage().arrayBuffers - before < 1_000_000);
});
