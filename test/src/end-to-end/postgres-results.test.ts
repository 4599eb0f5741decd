/** What comes back: the third key, scrubbed errors, row limits, large results. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { ClassifySql } from '@sluice/enforcer';
import { leaksIn } from '../support/canaries.js';
import { SHOP_RULES, startProxy, type PostgresProxy } from '../support/postgres-proxy.js';
import { startPostgres, type PostgresServer } from '../support/postgres-server.js';
import {
  WireClient,
  bind,
  describe,
  errorOf,
  execute,
  parse,
  query,
  statusOf,
  sync,
} from '../support/wire-client.js';

/** Permits whatever it parses and rewrites nothing: as if the first two keys were broken. */
const blind: ClassifySql = (text, catalog) => ({
  ok: true,
  value: {
    accesses: [{ action: 'select', resource: 'public.orders' }],
    columns: [],
    facts: {},
    writes: false,
    rewrite: () => ({
      ok: true,
      value: { text, touchesMasked: text.includes('/* touches */'), mapPosition: (position) => position },
    }),
  },
  catalog,
});

let server: PostgresServer;
let proxy: PostgresProxy;
let broken: PostgresProxy;
before(async () => {
  server = await startPostgres();
  const admin = await server.connect();
  await admin.query(`
    CREATE TABLE public.people (id int, ssn text) PARTITION BY RANGE (id);
    CREATE TABLE public.people_1 PARTITION OF public.people FOR VALUES FROM (0) TO (10);
    INSERT INTO public.people VALUES (1, '917-53-4201');
    CREATE VIEW public.ssn_view AS SELECT ssn, id AS ssn_id FROM public.customers;
    CREATE TABLE public.checked (id int PRIMARY KEY, v text CHECK (v <> 'bad'));
    GRANT ALL ON ALL TABLES IN SCHEMA public TO sluice`);
  await admin.end();
  proxy = await startProxy(server);
  broken = await startProxy(server, { classify: blind });
});
after(async () => {
  await broken?.stop();
  await proxy?.stop();
  await server?.stop();
});
const RULES = [
  ...SHOP_RULES,
  { id: 'shop/hide-people', effect: 'mask', on: ['public.people.ssn'], mask: 'redact' },
] as const;
beforeEach(() => {
  proxy.use(RULES);
  broken.use(RULES);
  proxy.completions.length = 0;
  broken.completions.length = 0;
});

const KEY_THREE: readonly (readonly [string, string])[] = [
  ['a plain column', 'SELECT ssn FROM customers'],
  ['a column under another name', 'SELECT id, ssn AS harmless FROM customers c'],
  ['every column', 'SELECT * FROM customers'],
  ['a whole row', 'SELECT c FROM customers c'],
  [
    'a column through a CTE and a join',
    'WITH x AS (SELECT * FROM customers) SELECT x.ssn, o.id FROM x JOIN orders o ON o.customer_id = x.id',
  ],
  ['a partition of a masked table', 'SELECT ssn FROM people_1'],
  ['a view of a masked column', 'SELECT ssn FROM ssn_view'],
  ['the second of two statements', 'SELECT 1; SELECT ssn FROM customers'],
];

for (const [name, text] of KEY_THREE) {
  test(`without the rewrite, ${name} still does not leave (simple)`, async () => {
    const client = await WireClient.login(broken.port);
    const answers = await client.ask([query(text)]);
    assert.match(answers.types, /D+CZ$/);
    assert.deepEqual(leaksIn(client.received.toString('utf8')).filter(isMasked), []);
    client.destroy();
  });
}
for (const [name, text] of KEY_THREE.slice(0, -1)) {
  test(`without the rewrite, ${name} still does not leave (extended, described or not)`, async () => {
    const client = await WireClient.login(broken.port);
    const bare = await client.ask([parse('s', text), bind('', 's'), execute('', 1), sync()]);
    assert.match(bare.types, /^12D(s|C)Z$/, 'the Describe that was put in is not seen');
    const described = await client.ask([bind('', 's'), describe('P', ''), execute(''), sync()]);
    assert.match(described.types, /^2TD+CZ$/);
    assert.deepEqual(leaksIn(client.received.toString('utf8')).filter(isMasked), []);
    client.destroy();
  });
}
const isMasked = (column: string): boolean => ['ssn', 'email', 'name'].includes(column);

test('columns that no rule masks leave as they are', async () => {
  const client = await broken.connect();
  const { rows } = await client.query('SELECT id, region, ssn FROM customers WHERE id = 1');
  assert.deepEqual(rows, [{ id: '1', region: 'north', ssn: null }]);
  broken.use(SHOP_RULES.filter(({ effect }) => effect !== 'mask'));
  const open = await client.query('SELECT ssn FROM customers WHERE id = 1');
  assert.match(open.rows[0].ssn, /^917/);
  await client.end();
});

test('a result of a relation that the catalog does not know is refused', async () => {
  const client = await WireClient.login(broken.port);
  const admin = await server.connect();
  await admin.query(
    "CREATE TABLE public.unseen AS SELECT '917-53-4201' AS ssn; GRANT ALL ON public.unseen TO sluice",
  );
  for (const messages of [
    [query('SELECT ssn FROM unseen')],
    [parse('', 'SELECT ssn FROM unseen'), bind('', ''), execute(''), sync()],
  ]) {
    const answers = await client.ask(messages);
    assert.match(answers.types, /^(T|12)EZ$/);
    assert.equal(errorOf(answers.messages)['C'], '42501');
  }
  assert.deepEqual(leaksIn(client.received.toString('utf8')), []);
  await admin.query('DROP TABLE public.unseen');
  await admin.end();
  client.destroy();
});

test('errors and notices of a statement that reads masked columns quote nothing', async () => {
  const client = await WireClient.login(broken.port);
  for (const text of [
    "SELECT (SELECT string_agg(ssn, ',') FROM customers)::int /* touches */",
    'SELECT ssn::regclass FROM customers /* touches */',
    "DO $$ BEGIN RAISE NOTICE '%', (SELECT ssn FROM customers LIMIT 1); RAISE EXCEPTION '%', (SELECT ssn FROM customers LIMIT 1); END $$ /* touches */",
    "INSERT INTO checked SELECT id, 'bad' FROM customers /* touches */",
    "SELECT set_config('TimeZone', (SELECT '<' || replace(ssn, '-', '') || '>5' FROM customers LIMIT 1), false) IS NULL /* touches */",
  ]) {
    const answers = await client.ask([query(text)]);
    assert.doesNotMatch(answers.types, /S/, 'no setting is told');
    const texts = answers.messages
      .filter(({ type }) => type !== 'D')
      .map(({ body }) => body.toString('utf8'));
    assert.doesNotMatch(texts.join('\n'), /917-?53|Failing row|\bbad\b/);
  }
  client.destroy();
});

test('an error of a deferred constraint at the end of the transaction is scrubbed too', async () => {
  const admin = await server.connect();
  await admin.query(
    `CREATE TABLE public.deferred (s text UNIQUE DEFERRABLE INITIALLY DEFERRED); GRANT ALL ON public.deferred TO sluice`,
  );
  const client = await WireClient.login(broken.port);
  await client.ask([query('BEGIN')]);
  await client.ask([query('INSERT INTO deferred SELECT ssn FROM customers /* touches */')]);
  await client.ask([query('INSERT INTO deferred SELECT ssn FROM customers /* touches */')]);
  const answers = await client.ask([query('COMMIT')]);
  assert.equal(errorOf(answers.messages)['C'], '23505');
  assert.deepEqual(leaksIn(client.received.toString('utf8')), []);
  await admin.query('DROP TABLE public.deferred');
  await admin.end();
  client.destroy();
});

test('a notification never reaches a client', async () => {
  const client = await WireClient.login(broken.port);
  await client.ask([query('LISTEN leak')]);
  const answers = await client.ask([query("NOTIFY leak, '917-53-4201'")]);
  assert.equal(answers.types, 'CZ');
  await client.ask([query('SELECT 1')]);
  assert.doesNotMatch(client.received.toString('utf8'), /917-53-4201/);
  client.destroy();
});

test('a session in which the backend changes what judgements rest on ends', async () => {
  const client = await WireClient.login(broken.port);
  client.send(query('SET standard_conforming_strings = off'));
  await client.closed();
  assert.equal(errorOf(client.messages)['S'], 'FATAL');
});

test('the position of an error is that of the text the client sent', async () => {
  const client = await proxy.connect();
  const text = 'SELECT c.ssn, c.nonesuch FROM customers c';
  await assert.rejects(client.query(text), (error: { code?: string; position?: string }) => {
    if (error.code === '42703') assert.equal(error.position, String(text.indexOf('c.nonesuch') + 1));
    return true;
  });
  await client.end();
});

const LIMITED = [{ id: 'p/few', effect: 'allow', on: ['*'], rows: 5 }] as const;

test('rows beyond the limit do not leave, in place of the end comes 53400 (simple)', async () => {
  proxy.use(LIMITED);
  const client = await WireClient.login(proxy.port);
  const answers = await client.ask([query('SELECT id FROM orders')]);
  assert.equal(answers.types, 'TDDDDDEZ');
  assert.equal(errorOf(answers.messages)['C'], '53400');
  assert.equal(statusOf(answers.messages), 'I');
  assert.deepEqual(proxy.completions.at(-1)?.outcome, 'limited');
  assert.equal(proxy.completions.at(-1)?.rows, 5);
  assert.equal((await client.ask([query('SELECT id FROM orders LIMIT 5')])).types, 'TDDDDDCZ');
  client.destroy();
});

test('rows beyond the limit do not leave, and the pipeline skips to its Sync (extended)', async () => {
  proxy.use(LIMITED);
  const client = await WireClient.login(proxy.port);
  const answers = await client.ask([
    parse('', 'SELECT id FROM orders'),
    bind('', ''),
    execute(''),
    parse('', 'SELECT 1'),
    bind('', ''),
    execute(''),
    sync(),
  ]);
  assert.equal(answers.types, '12DDDDDEZ');
  assert.equal((await client.ask([query('SELECT 1')])).types, 'TDCZ');
  client.destroy();
});

test('a limit counts the rows of a portal over all its fetches', async () => {
  proxy.use(LIMITED);
  const client = await WireClient.login(proxy.port);
  await client.ask([query('BEGIN')]);
  const answers = await client.ask([
    parse('', 'SELECT id FROM orders'),
    bind('p', ''),
    execute('p', 3),
    execute('p', 3),
    sync(),
  ]);
  assert.equal(answers.types, '12DDDsDDEZ');
  client.destroy();
});

test('a runaway query is stopped in the backend when its limit is reached', async () => {
  proxy.use(LIMITED);
  const client = await proxy.connect();
  const started = performance.now();
  const endless = 'SELECT a.id FROM orders a, orders b, orders c, orders d, orders e';
  await assert.rejects(client.query(endless), { code: '53400' });
  assert.ok(performance.now() - started < 5000);
  const { rows } = await client.query('SELECT 1 AS one');
  assert.equal(rows[0].one, 1);
  await client.end();
});

test('a large result passes whole, and is accounted for', async () => {
  const client = await proxy.connect();
  const { rows } = await client.query('SELECT a.id, b.note FROM orders a, orders b, orders c LIMIT 100000');
  assert.equal(rows.length, 100_000);
  assert.equal(proxy.completions.at(-1)?.rows, 100_000);
  await client.end();
});

test('a client that does not read takes no memory', async () => {
  const client = await WireClient.login(proxy.port);
  client.socket.pause();
  const earlier = process.memoryUsage();
  client.send(query('SELECT a.*, b.*, c.* FROM orders a, orders b, orders c, orders d LIMIT 1000000'));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const now = process.memoryUsage();
  const grownBytes = now.external + now.arrayBuffers - earlier.external - earlier.arrayBuffers;
  assert.ok(grownBytes < 32_000_000, `${grownBytes} bytes`);
  client.destroy();
});
