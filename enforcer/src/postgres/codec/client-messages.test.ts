import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { serialize } from 'pg-protocol';
import { MalformedBody } from './body-reader.js';
import { decodeBind, decodeExecute, decodeParse, decodeQuery, decodeTarget } from './client-messages.js';
import { decodeReport, decodeRowDescription } from './backend-messages.js';
import { decodeStartup, startupLength } from './startup-packet.js';

const bodyOf = (raw: Buffer) => ({ buffer: raw, start: 5, end: raw.length });

test('what another implementation writes is read', () => {
  assert.equal(decodeQuery(bodyOf(serialize.query('SELECT 1'))), 'SELECT 1');
  assert.deepEqual(decodeParse(bodyOf(serialize.parse({ name: 's', text: 'SELECT $1', types: [23, 0] }))), {
    statement: 's',
    text: 'SELECT $1',
    parameterTypes: [23, 0],
  });
  const bind = serialize.bind({ portal: 'p', statement: 's', values: ['a', null, Buffer.from([1, 2])] });
  assert.deepEqual(decodeBind(bodyOf(bind)), {
    portal: 'p',
    statement: 's',
    parameters: ['a', null, new Uint8Array([1, 2])],
  });
  assert.deepEqual(decodeExecute(bodyOf(serialize.execute({ portal: 'p', rows: 5 }))), { portal: 'p' });
  assert.deepEqual(decodeTarget(bodyOf(serialize.describe({ type: 'S', name: 's' }))), {
    target: 'statement',
    name: 's',
  });
});

test('a body that is cut short, too long or lies about a count is malformed, never misread', () => {
  const bind = serialize.bind({ portal: 'p', statement: 's', values: ['abc', 'def'] });
  for (let end = 5; end < bind.length; end++) {
    assert.throws(() => decodeBind({ buffer: bind, start: 5, end }), MalformedBody, `cut at ${end}`);
  }
  assert.throws(() => decodeBind(bodyOf(Buffer.concat([bind, Buffer.from([0])]))), MalformedBody);
  assert.throws(() => decodeQuery(bodyOf(serialize.query('SELECT 1\0; DROP TABLE x'))), MalformedBody);
});

test('bytes that are not UTF-8 are malformed', () => {
  const raw = Buffer.concat([serialize.query('x').subarray(0, 5), Buffer.from([0xc3, 0x28, 0])]);
  assert.throws(() => decodeQuery(bodyOf(raw)), MalformedBody);
});

test('random bytes are decoded or malformed, and nothing else happens', () => {
  const decoders = [
    decodeQuery,
    decodeParse,
    decodeBind,
    decodeTarget,
    decodeExecute,
    decodeReport,
    decodeRowDescription,
  ];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const buffer = Buffer.from(bytes);
      for (const decode of decoders) {
        try {
          decode({ buffer, start: 0, end: buffer.length });
        } catch (cause) {
          assert.ok(cause instanceof MalformedBody, String(cause));
        }
      }
    }),
  );
});

test('the first message is read by its code, and its length is bounded', () => {
  const startup = serialize.startup({ user: 'u', database: 'd' });
  const packet = decodeStartup(startup.subarray(4));
  assert.equal(packet.kind, 'startup');
  assert.equal(decodeStartup(serialize.requestSsl().subarray(4)).kind, 'ssl');
  assert.deepEqual(decodeStartup(serialize.cancel(7, -9).subarray(4)), {
    kind: 'cancel',
    processId: 7,
    secret: -9,
  });
  const header = (length: number): Buffer => {
    const four = Buffer.alloc(4);
    four.writeUInt32BE(length);
    return four;
  };
  assert.equal(startupLength(header(7)), undefined);
  assert.equal(startupLength(header(10_001)), undefined);
  assert.equal(startupLength(header(0xffff_ffff)), undefined);
  assert.equal(startupLength(header(8)), 8);
});
