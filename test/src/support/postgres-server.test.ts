import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { leaksIn } from './canaries.js';
import { startPostgres, type PostgresServer } from './postgres-server.js';

let server: PostgresServer;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

test('the shop is filled, and each login gets in by its own method', async () => {
  for (const login of Object.values(server.logins)) {
    const client = new pg.Client({
      ...login,
      host: server.host,
      port: server.port,
      database: server.database,
    });
    await client.connect();
    const { rows } = await client.query('SELECT * FROM public.customers ORDER BY id LIMIT 1');
    assert.deepEqual(leaksIn(JSON.stringify(rows)), ['name', 'email', 'ssn', 'phone', 'birthday']);
    const salaries = await client.query('SELECT * FROM payroll.salaries');
    assert.deepEqual(leaksIn(JSON.stringify(salaries.rows)), ['payroll']);
    await client.end();
  }
});
