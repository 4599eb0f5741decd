/** Backends that are down, refuse, die or lie, and clients that send garbage. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { startProxy, type PostgresProxy } from '../support/postgres-proxy.js';
import { startPostgres, type PostgresServer } from '../support/postgres-server.js';
import { GOOD_TOKEN } from '../support/memory-ports.js';
import { WireClient, errorOf, fieldsOf, frame, int32, query, startup } from '../support/wire-client.js';

let server: PostgresServer;
let proxy: PostgresProxy;
before(async () => {
  server = await startPostgres();
  proxy = await startProxy(server, { rules: [{ id: 'p/all', effect: 'allow', on: ['*'] }] });
});
after(async () => {
  await proxy?.stop();
  await server?.stop();
});

interface FalseBackend {
  readonly port: number;
  readonly received: Buffer[];
  stop(): Promise<void>;
}

/** A backend that says what it is told, once for each message of the client or at once. */
async function falseBackend(serve: (socket: Socket, received: Buffer[]) => void): Promise<FalseBackend> {
  const received: Buffer[] = [];
  const sockets = new Set<Socket>();
  const fake: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => received.push(chunk));
    serve(socket, received);
  });
  fake.listen(0, '127.0.0.1');
  await once(fake, 'listening');
  const address = fake.address();
  assert.ok(address !== null && typeof address === 'object');
  return {
    port: address.port,
    received,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      fake.close();
      await once(fake, 'close');
    },
  };
}

const AUTH_OK = frame('R', int32(0));
const READY = frame('Z', Buffer.from('I'));
const upstreamAt = (port: number) => ({
  host: '127.0.0.1',
  port,
  database: 'shop',
  user: 'sluice',
  password: 'the-backend-secret',
});

async function loginThrough(port: number): Promise<{ error: Record<string, string>; proxy: PostgresProxy }> {
  const through = await startProxy(upstreamAt(port), { limits: { backendConnectMs: 1000 } });
  const client = await WireClient.open(through.port);
  client.send(startup({ user: 'u', database: 'shop-db' }));
  await client.until('R');
  client.send(frame('p', GOOD_TOKEN));
  await client.closed();
  const error = errorOf(client.messages);
  assert.doesNotMatch(client.received.toString('latin1'), new RegExp(`the-backend-secret|${port}`));
  return { error, proxy: through };
}

test('a backend that is down is told as unavailable, and its address is not', async () => {
  const gone = await falseBackend(() => undefined);
  await gone.stop();
  const { error, proxy: through } = await loginThrough(gone.port);
  assert.deepEqual([error['S'], error['C'], error['M']], ['FATAL', '58000', 'the backend cannot be reached']);
  assert.equal(through.refusedLogins[0]?.fault.error.name, 'backend_unavailable');
  await through.stop();
});

const HOSTILE: Readonly<Record<string, (socket: Socket) => void>> = {
  'says nothing': () => undefined,
  'closes at once': (socket) => socket.destroy(),
  'sends garbage': (socket) => socket.write(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')),
  'announces a huge message': (socket) => socket.write(Buffer.from([0x52, 0x7f, 0xff, 0xff, 0xff])),
  'announces an impossible length': (socket) => socket.write(Buffer.from([0x52, 0, 0, 0, 0])),
  'asks for the password in an unknown way': (socket) => socket.write(frame('R', int32(9))),
  'asks for a second password': (socket) =>
    socket.write(Buffer.concat([frame('R', int32(3)), frame('R', int32(3))])),
  'refuses the password': (socket) =>
    socket.write(frame('E', Buffer.from('SFATAL\0C28P01\0Mwrong for the-backend-secret\0\0'))),
  'sends rows before it is ready': (socket) =>
    socket.write(Buffer.concat([AUTH_OK, frame('D', Buffer.from([0, 0]))])),
  'cheats at SCRAM': (socket) => {
    socket.write(frame('R', int32(10), 'SCRAM-SHA-256', Buffer.from([0])));
    socket.write(frame('R', int32(11), Buffer.from('r=fixed,s=AAAA,i=4096')));
  },
  'turns strings upside down': (socket) =>
    socket.write(Buffer.concat([AUTH_OK, frame('S', 'standard_conforming_strings', 'off'), READY])),
};

for (const [name, serve] of Object.entries(HOSTILE)) {
  test(`a backend that ${name} while logging in gives a clean FATAL`, async () => {
    const hostile = await falseBackend(serve);
    const { error, proxy: through } = await loginThrough(hostile.port);
    assert.deepEqual([error['S'], error['C']], ['FATAL', '58000']);
    await through.stop();
    await hostile.stop();
  });
}

/** Logs clients in, then answers the first query with `answer`. */
async function answering(answer: Buffer, thenClose: boolean): Promise<Record<string, string>> {
  const fake = await falseBackend((socket) => {
    socket.once('data', () => {
      socket.write(Buffer.concat([AUTH_OK, frame('K', int32(1), int32(2)), READY]));
      socket.once('data', () => (thenClose ? socket.end(answer) : socket.write(answer)));
    });
  });
  const through = await startProxy(upstreamAt(fake.port), {
    rules: [{ id: 'p/all', effect: 'allow', on: ['*'] }],
    catalog: { timeoutMs: 300 },
    classify: (text) => ({
      ok: true,
      value: {
        accesses: [],
        columns: [],
        facts: {},
        writes: false,
        rewrite: () => ({ ok: true, value: { text, touchesMasked: false, mapPosition: (at) => at } }),
      },
    }),
    limits: { backendMessageBytes: 1_000_000 },
  });
  // The catalog of such a backend cannot be read; the session is driven without one.
  const client = await WireClient.login(through.port);
  client.send(query('SELECT 1'));
  await client.closed();
  await through.stop();
  await fake.stop();
  return fieldsOf(client.messages.findLast(({ type }) => type === 'E')?.body ?? Buffer.alloc(0));
}

for (const [name, answer] of Object.entries({
  'an impossible length': Buffer.from([0x44, 0, 0, 0, 1]),
  'a message over the cap': Buffer.from([0x44, 0x00, 0xff, 0xff, 0xff]),
  'an unknown type': frame('?'),
  'a row nobody asked for': Buffer.concat([frame('1'), frame('D', Buffer.from([0, 0]))]),
  'a row before its description': frame('D', Buffer.from([0, 0])),
  'a description that lies about its count': frame('T', Buffer.from([0x7f, 0xff])),
  'a second ReadyForQuery': Buffer.concat([frame('C', 'SELECT 0'), READY, READY]),
})) {
  test(`a backend that sends ${name} ends the session with a clean FATAL`, async () => {
    const error = await answering(answer, false);
    assert.equal(error['S'], 'FATAL');
    assert.match(error['C'] ?? '', /^5[38]/);
  });
}

test('a backend that dies in the middle of a result gives a clean FATAL after the rows that came', async () => {
  const dying = await startPostgres();
  const through = await startProxy(dying, { rules: [{ id: 'p/all', effect: 'allow', on: ['*'] }] });
  const client = await WireClient.login(through.port);
  client.send(query('SELECT a.id FROM orders a, orders b, orders c, orders d'));
  await client.until('D', 1000);
  await dying.kill();
  await client.closed();
  const last = client.messages.at(-1);
  assert.equal(last?.type, 'E');
  assert.equal(fieldsOf(last?.body ?? Buffer.alloc(0))['S'], 'FATAL');
  assert.equal(through.completions.at(-1)?.outcome, 'disconnected');
  assert.ok((through.completions.at(-1)?.rows ?? 0) >= 1000);
  await assert.rejects(through.connect(), { code: '58000' });
  await through.stop();
  await dying.stop();
});

test('a client that dies in the middle of a result takes its backend session with it', async () => {
  const client = await WireClient.login(proxy.port, { application_name: 'dying client' });
  client.send(query('SELECT a.id FROM orders a, orders b, orders c, orders d, orders e'));
  await client.until('D', 10);
  client.destroy();
  const admin = await server.connect();
  for (let turns = 0; ; turns++) {
    const { rows } = await admin.query(
      "SELECT 1 FROM pg_stat_activity WHERE application_name = 'dying client'",
    );
    if (rows.length === 0) break;
    assert.ok(turns < 200, 'the backend session is still there');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await admin.end();
  assert.equal(proxy.listener.sessions().length, 0);
});

test('random bytes before login neither crash the proxy nor reach a backend', async () => {
  const backend = await falseBackend(() => undefined);
  const quiet = await startProxy(upstreamAt(backend.port), { catalog: { timeoutMs: 100 } });
  backend.received.length = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 4 }),
      async (chunks) => {
        const client = await WireClient.open(quiet.port);
        for (const chunk of chunks) client.send(Buffer.from(chunk));
        client.socket.end();
        await client.closed();
        client.destroy();
      },
    ),
    { numRuns: 60 },
  );
  assert.deepEqual(
    backend.received.filter((chunk) => !chunk.includes('sluice catalog')),
    [],
  );
  await quiet.stop();
  await backend.stop();
});

test('random bytes after login end the session or are refused, and reach no backend', async () => {
  const anyMessage = fc
    .tuple(fc.constantFrom(...Array.from('QPBDECHFdcfpXz?')), fc.uint8Array({ maxLength: 60 }))
    .map(([type, body]) => frame(type, Buffer.from(body)));
  const decisionsBefore = proxy.decisions.length;
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.array(anyMessage, { minLength: 1, maxLength: 4 }),
        fc.array(
          fc.uint8Array({ minLength: 1, maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
          { minLength: 1, maxLength: 4 },
        ),
      ),
      async (chunks) => {
        const client = await WireClient.login(proxy.port);
        for (const chunk of chunks) client.send(chunk);
        client.socket.end(); // what was sent may be the beginning of a long message
        await client.closed();
        client.destroy();
      },
    ),
    { numRuns: 40 },
  );
  for (const event of proxy.decisions.slice(decisionsBefore)) {
    assert.ok(event.refusal !== undefined || event.decision !== undefined);
  }
  const client = await proxy.connect();
  assert.equal((await client.query('SELECT 1 AS one')).rows[0].one, 1);
  await client.end();
});
