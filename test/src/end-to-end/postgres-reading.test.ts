import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { leaksIn } from '../support/canaries.js';
import { startProxy, type PostgresProxy } from '../support/postgres-proxy.js';
import { startPostgres, type PostgresServer } from '../support/postgres-server.js';

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

test('a simple query is answered as the server would', async () => {
  const client = await proxy.connect();
  const { rows } = await client.query('SELECT id, status FROM orders WHERE id <= 2 ORDER BY id');
  assert.deepEqual(rows, [
    { id: '1', status: 'open' },
    { id: '2', status: 'paid' },
  ]);
  await client.end();
});

test('masked columns are masked, in the simple and in the extended protocol', async () => {
  const client = await proxy.connect();
  const simple = await client.query('SELECT * FROM customers ORDER BY id');
  const extended = await client.query('SELECT * FROM customers WHERE id > $1 ORDER BY id', [0]);
  for (const { rows } of [simple, extended]) {
    assert.equal(rows.length, 20);
    assert.equal(rows[0].ssn, '[redacted]');
    assert.equal(rows[0].name, null);
    assert.deepEqual(leaksIn(JSON.stringify(rows)), ['phone', 'birthday']);
  }
  await client.end();
});

test('a long statement is judged like a short one', async () => {
  const client = await proxy.connect();
  const ids = Array.from({ length: 20_000 }, (_, index) => index).join(', ');
  const { rows } = await client.query(`SELECT ssn FROM customers WHERE id IN (${ids})`);
  assert.equal(rows.length, 20);
  assert.equal(rows[0].ssn, '[redacted]');
  await assert.rejects(client.query(`SELECT * FROM payroll.salaries WHERE id IN (${ids})`), {
    code: '42501',
  });
  await client.end();
});
