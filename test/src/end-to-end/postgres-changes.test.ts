/** Policies, approvals and catalogs that change while a connection is open. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { leaksIn } from '../support/canaries.js';
import { SHOP_RULES, startProxy, type PostgresProxy } from '../support/postgres-proxy.js';
import { startPostgres, type PostgresServer } from '../support/postgres-server.js';
import { WireClient, bind, errorOf, execute, fieldsOf, parse, query, sync } from '../support/wire-client.js';

let server: PostgresServer;
let proxy: PostgresProxy;
before(async () => {
  server = await startPostgres();
  proxy = await startProxy(server);
});
after(async () => {
  await proxy?.stop();
  await server?.stop();
});
beforeEach(() => {
  proxy.use(SHOP_RULES);
  proxy.decisions.length = 0;
  proxy.completions.length = 0;
  proxy.held.length = 0;
  Object.assign(proxy, memoryDefaults);
});

const waitForever: PostgresProxy['answer'] = (_, signal) =>
  new Promise((resolve) =>
    signal.addEventListener('abort', () => resolve({ kind: 'pending', id: 'ap-1', expiresMs: 0 })),
  );
const memoryDefaults = { answer: waitForever };

const DENY_ALL = [{ id: 'p/none', effect: 'deny', on: ['*'] }] as const;
const GATED = [
  ...SHOP_RULES,
  { id: 'shop/refunds', effect: 'require_approval', actions: ['update'], on: ['public.orders'] },
] as const;
const NO_MASKS = SHOP_RULES.filter(({ effect }) => effect !== 'mask');

const until = async (condition: () => boolean): Promise<void> => {
  for (let turns = 0; !condition(); turns++) {
    assert.ok(turns < 1000, 'waited too long');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

test('a new policy decides the next statement of an open connection', async () => {
  const client = await proxy.connect();
  assert.equal((await client.query('SELECT ssn FROM customers WHERE id = 1')).rows[0].ssn, '[redacted]');
  proxy.use(DENY_ALL);
  await assert.rejects(client.query('SELECT ssn FROM customers WHERE id = 1'), { code: '42501' });
  proxy.use(NO_MASKS);
  assert.match((await client.query('SELECT ssn FROM customers WHERE id = 1')).rows[0].ssn, /^917/);
  await client.end();
});

test('a new policy decides a statement that was prepared under the old one', async () => {
  const client = await WireClient.login(proxy.port);
  await client.ask([parse('s', 'SELECT id FROM orders WHERE id = $1'), sync()]);
  const run = [bind('', 's', '1'), execute(''), sync()];
  assert.equal((await client.ask(run)).types, '2DCZ');
  proxy.use(DENY_ALL);
  const refused = await client.ask(run);
  assert.equal(refused.types, '2EZ');
  assert.equal(errorOf(refused.messages)['C'], '42501');
  proxy.use(SHOP_RULES);
  assert.equal((await client.ask(run)).types, '2DCZ');
  assert.deepEqual(
    proxy.completions.map(({ outcome }) => outcome),
    ['prepared', 'ok', 'ok'],
  );
  assert.equal(proxy.decisions.length, 4, 'one record for the preparation, one for each execution');
  client.destroy();
});

test('a statement whose masks changed since it was prepared has to be prepared again', async () => {
  proxy.use(NO_MASKS);
  const client = await WireClient.login(proxy.port);
  await client.ask([parse('s', 'SELECT ssn FROM customers'), sync()]);
  proxy.use(SHOP_RULES);
  const refused = await client.ask([bind('', 's'), execute(''), sync()]);
  const error = errorOf(refused.messages);
  assert.deepEqual([error['C'], error['R']], ['0A000', 'RevalidateCachedQuery']);
  assert.match(error['M'] ?? '', /^cached plan must not change result type/);
  const again = await client.ask([parse('', 'SELECT ssn FROM customers'), bind('', ''), execute(''), sync()]);
  assert.match(again.types, /^12D+CZ$/);
  assert.deepEqual(leaksIn(client.received.toString('utf8')), []);
  client.destroy();
});

test('a table made a moment ago is known to the next statement', async () => {
  const admin = await server.connect();
  await admin.query('CREATE TABLE public.fresh (id int); GRANT ALL ON public.fresh TO sluice');
  const client = await proxy.connect();
  await new Promise((resolve) => setTimeout(resolve, 1000)); // the catalog is asked for at most once a second
  assert.deepEqual((await client.query('SELECT * FROM fresh')).rows, []);
  await admin.query('DROP TABLE public.fresh');
  await admin.end();
  await client.end();
});

for (const protocol of ['simple', 'extended'] as const) {
  const update = "UPDATE orders SET note = 'refunded' WHERE id = 4";
  const messages =
    protocol === 'simple' ? [query(update)] : [parse('', update), bind('', ''), execute(''), sync()];

  test(`a held statement waits with a notice and runs once approved (${protocol})`, async () => {
    proxy.use(GATED);
    let approve: (() => void) | undefined;
    proxy.answer = () =>
      new Promise((resolve) => {
        approve = () => resolve({ kind: 'approved', id: 'ap-1', by: 'dba@acme' });
      });
    const client = await WireClient.login(proxy.port);
    client.send(...messages);
    const [notice] = await client.until('N');
    assert.match(fieldsOf(notice?.body ?? Buffer.alloc(0))['M'] ?? '', /ap-1/);
    assert.equal(proxy.decisions.length, 0, 'nothing is decided for good while it waits');
    approve?.();
    const answers = await client.until('Z');
    assert.match(answers.map(({ type }) => type).join(''), protocol === 'simple' ? /^CZ$/ : /^12?CZ$|^12CZ$/);
    assert.equal(proxy.decisions[0]?.approvalId, 'ap-1');
    assert.equal(proxy.decisions[0]?.durable, true);
    client.destroy();
  });

  test(`a held statement that nobody approves is refused with the id (${protocol})`, async () => {
    proxy.use(GATED);
    proxy.answer = async () => ({ kind: 'pending', id: 'ap-1', expiresMs: 0 });
    const client = await WireClient.login(proxy.port);
    const answers = await client.ask(messages);
    const error = errorOf(answers.messages);
    assert.equal(error['C'], '42501');
    assert.match(error['H'] ?? '', /Approval: ap-1/);
    assert.equal((await client.ask([query('SELECT 1')])).types, 'TDCZ');
    client.destroy();
  });

  test(`a cancel ends the wait of a held statement, and the session lives (${protocol})`, async () => {
    proxy.use(GATED);
    const client = await proxy.connect();
    const run =
      protocol === 'simple' ? client.query(update) : client.query({ text: update, values: [], name: 'held' });
    const outcome = run.then(
      () => 'ran',
      (error: { code: string }) => error.code,
    );
    await until(() => proxy.held.length === 1);
    const canceller = await WireClient.open(proxy.port);
    const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
    const key = Buffer.alloc(16);
    key.writeInt32BE(16, 0);
    key.writeInt32BE(80_877_102, 4);
    key.writeInt32BE(processID, 8);
    key.writeInt32BE(secretKey, 12);
    canceller.send(key);
    assert.equal(await outcome, '57014');
    assert.equal((await client.query('SELECT 1 AS one')).rows[0].one, 1);
    await client.end();
  });
}

test('a client that leaves while it waits takes its statement with it', async () => {
  proxy.use(GATED);
  const client = await WireClient.login(proxy.port);
  client.send(query("UPDATE orders SET note = 'abandoned' WHERE id = 5"));
  await client.until('N');
  client.destroy();
  await until(() => proxy.listener.sessions().length === 0);
  const admin = await server.connect();
  assert.notEqual((await admin.query('SELECT note FROM orders WHERE id = 5')).rows[0].note, 'abandoned');
  await admin.end();
});

test('what was permitted before a held statement does not wait with it', async () => {
  proxy.use(GATED);
  const client = await WireClient.login(proxy.port);
  client.send(query('SELECT 1'), query("UPDATE orders SET note = 'x' WHERE id = 6"));
  const first = await client.until('Z');
  assert.equal(
    first
      .map(({ type }) => type)
      .join('')
      .replace('N', ''),
    'TDCZ',
  );
  client.destroy();
});

test('a policy that reads the estimate of rows gets one from the planner', async () => {
  const estimates: unknown[] = [];
  const look = { id: 'p/look', effect: 'deny', on: ['*'] } as const;
  proxy.use(
    [
      ...SHOP_RULES,
      {
        ...look,
        when: (facts) => {
          estimates.push(facts['sql.estimated_rows']);
          return false;
        },
      },
    ],
    ['sql.estimated_rows'],
  );
  const client = await proxy.connect();
  await client.query('SELECT * FROM orders');
  await client.query("UPDATE orders SET note = 'n' WHERE id = $1", [7]);
  assert.equal(estimates[0], 60n);
  assert.ok(estimates.includes(1n));
  await client.end();
});
