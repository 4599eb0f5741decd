/** Nothing reaches the backend before its record is durable: not even a statement that is only prepared. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { SHOP_RULES, startProxy, type PostgresProxy } from '../support/postgres-proxy.js';
import { startPostgres, type PostgresServer } from '../support/postgres-server.js';
import { WireClient, bind, describe, errorOf, execute, parse, query, sync } from '../support/wire-client.js';

const FIRST = 'SELECT id FROM orders WHERE id = 1';
const SECOND = 'SELECT id FROM orders WHERE id = 2';

let server: PostgresServer;
let tap: Server;
let proxy: PostgresProxy;
/** Every text that the backend was sent, with the number of records there were at that moment. */
let seen: { readonly text: string; readonly records: number }[] = [];

before(async () => {
  server = await startPostgres();
  tap = createServer((socket) => {
    const upstream = connect(server.port, server.host);
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
    socket.on('data', (chunk: Buffer) => {
      seen.push({ text: chunk.toString('latin1'), records: proxy?.decisions.length ?? 0 });
      upstream.write(chunk);
    });
    upstream.pipe(socket);
  });
  tap.listen(0, '127.0.0.1');
  await once(tap, 'listening');
  const { port } = tap.address() as AddressInfo;
  proxy = await startProxy({ ...server, host: '127.0.0.1', port });
});
after(async () => {
  await proxy?.stop();
  tap?.close();
  await server?.stop();
});
beforeEach(() => {
  proxy.use(SHOP_RULES);
  proxy.decisions.length = 0;
  proxy.completions.length = 0;
  Object.assign(proxy, { auditFails: false });
  seen = [];
});

const arrivalsOf = (id: number) => seen.filter(({ text }) => text.includes(`= ${id}`));
const outcomes = (): string[] => proxy.completions.map(({ outcome }) => outcome);

test('a statement that is prepared and run at once leaves one record, and is sent after it', async () => {
  const client = await WireClient.login(proxy.port);
  const { types } = await client.ask([
    parse('', FIRST),
    bind('', ''),
    describe('P', ''),
    execute(''),
    sync(),
  ]);
  assert.equal(types, '12TDCZ');
  assert.deepEqual(outcomes(), ['ok']);
  assert.equal(proxy.decisions.length, 1);
  assert.deepEqual(
    arrivalsOf(1).map(({ records }) => records),
    [1],
  );
  client.destroy();
});

test('a statement that is only prepared leaves a record before it is sent', async () => {
  const client = await WireClient.login(proxy.port);
  assert.equal((await client.ask([parse('s', FIRST), describe('S', 's'), sync()])).types, '1tTZ');
  assert.deepEqual(outcomes(), ['prepared']);
  assert.deepEqual(
    arrivalsOf(1).map(({ records }) => records),
    [1],
  );
  assert.equal((await client.ask([bind('', 's'), execute(''), sync()])).types, '2DCZ');
  assert.deepEqual(outcomes(), ['prepared', 'ok']);
  client.destroy();
});

test('of two statements prepared together, each leaves its own record', async () => {
  const client = await WireClient.login(proxy.port);
  const messages = [parse('a', FIRST), parse('b', SECOND), bind('', 'b'), execute(''), sync()];
  assert.equal((await client.ask(messages)).types, '112DCZ');
  assert.deepEqual(outcomes().sort(), ['ok', 'prepared']);
  assert.deepEqual(
    [...arrivalsOf(1), ...arrivalsOf(2)].map(({ records }) => records),
    [2, 2],
  );
  client.destroy();
});

test('what cannot be recorded is not even prepared, and the session lives', async () => {
  const client = await WireClient.login(proxy.port);
  Object.assign(proxy, { auditFails: true });
  const refused = await client.ask([parse('s', FIRST), describe('S', 's'), sync()]);
  assert.equal(refused.types, 'EZ');
  assert.equal(errorOf(refused.messages)['C'], '58000');
  assert.deepEqual(arrivalsOf(1), []);
  Object.assign(proxy, { auditFails: false });
  const unknown = await client.ask([bind('', 's'), execute(''), sync()]);
  assert.equal(errorOf(unknown.messages)['C'], '26000');
  assert.equal((await client.ask([parse('s', FIRST), bind('', 's'), execute(''), sync()])).types, '12DCZ');
  client.destroy();
});

test('a later refusal leaves what was prepared before it prepared', async () => {
  const client = await WireClient.login(proxy.port);
  const refused = await client.ask([parse('s', FIRST), parse('', 'DROP TABLE orders'), sync()]);
  assert.equal(refused.types, '1EZ');
  assert.deepEqual(outcomes(), ['prepared']);
  assert.equal((await client.ask([bind('', 's'), execute(''), sync()])).types, '2DCZ');
  client.destroy();
});

test('an error of the backend drops what was kept back behind it', async () => {
  const client = await WireClient.login(proxy.port);
  client.send(parse('', 'SELECT 1 / (id - id) FROM orders'), bind('', ''), execute(''));
  client.send(parse('late', FIRST));
  const { types } = await client.ask([sync()]);
  assert.equal(types, '12EZ');
  assert.equal(errorOf((await client.ask([bind('', 'late'), sync()])).messages)['C'], '26000');
  client.destroy();
});

test('a simple query goes behind what was prepared before it', async () => {
  const client = await WireClient.login(proxy.port);
  client.send(parse('s', FIRST));
  assert.equal((await client.ask([query(SECOND)])).types, '1TDCZ');
  assert.deepEqual(outcomes(), ['prepared', 'ok']);
  client.destroy();
});

test('more than a little is not kept back: it is recorded and sent', async () => {
  const client = await WireClient.login(proxy.port);
  client.send(parse('s', FIRST), ...Array.from({ length: 100 }, (_, i) => bind(`p${i}`, 's')));
  for (let turns = 0; arrivalsOf(1).length === 0; turns++) {
    assert.ok(turns < 1000, 'nothing was sent');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.deepEqual(outcomes(), ['prepared']);
  const { types } = await client.ask([sync()]);
  assert.equal(types, `1${'2'.repeat(100)}Z`);
  client.destroy();
});
