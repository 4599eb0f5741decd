import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { promisify } from 'node:util';
import { makeCertificate } from '../support/certificate.js';
import { GOOD_TOKEN } from '../support/memory-ports.js';
import { startProxy, type PostgresProxy } from '../support/postgres-proxy.js';
import { startPostgres, type PostgresServer } from '../support/postgres-server.js';
import { WireClient, errorOf, fieldsOf, frame, int32, query, startup } from '../support/wire-client.js';

const certificate = makeCertificate();
let server: PostgresServer;
let proxy: PostgresProxy;
before(async () => {
  server = await startPostgres({ tls: certificate });
  proxy = await startProxy(server, {
    tls: certificate,
    upstreamTls: { mode: 'verify-full', ca: certificate.cert },
  });
});
after(async () => {
  await proxy?.stop();
  await server?.stop();
});
beforeEach(() => {
  proxy.refusedLogins.length = 0;
});

const ssl = { ca: certificate.cert, servername: 'localhost' };

test('both legs are encrypted and verified', async () => {
  const client = await proxy.connect({ ssl });
  const { rows } = await client.query('SELECT count(*)::int AS n FROM orders');
  assert.equal(rows[0].n, 60);
  await client.end();
  const admin = await server.connect();
  const plain = await admin.query(
    "SELECT count(*)::int AS n FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE NOT s.ssl AND a.usename = 'sluice'",
  );
  assert.equal(plain.rows[0].n, 0, 'no connection of the enforcer is in clear');
  await admin.end();
});

test('a backend whose certificate is not trusted is not logged in to', async () => {
  const other = makeCertificate();
  const strict = await startProxy(server, { upstreamTls: { mode: 'verify-full', ca: other.cert } });
  await assert.rejects(strict.connect(), { code: '58000', message: 'the backend cannot be reached' });
  await strict.stop();
});

test('a backend whose certificate is of another name is not logged in to', async () => {
  const upstreamTls = { mode: 'verify-full', ca: certificate.cert, servername: 'db.internal' } as const;
  const strict = await startProxy(server, { upstreamTls });
  await assert.rejects(strict.connect(), { code: '58000' });
  await strict.stop();
});

test('a backend without TLS is not logged in to when TLS is demanded', async () => {
  const plain = await startPostgres({ shop: false });
  const strict = await startProxy(plain, { upstreamTls: { mode: 'verify-full', ca: certificate.cert } });
  await assert.rejects(strict.connect(), { code: '58000' });
  assert.match(strict.refusedLogins[0]?.fault.message ?? '', /does not offer TLS/);
  await strict.stop();
  await plain.stop();
});

for (const method of ['scram', 'md5', 'cleartext'] as const) {
  test(`the enforcer logs in to a backend that asks by ${method}`, async () => {
    const other = await startProxy({ ...server, ...server.logins[method] });
    const client = await other.connect();
    const { rows } = await client.query('SELECT id FROM orders WHERE id = 1');
    assert.equal(rows.length, 1);
    await client.end();
    await other.stop();
  });
}

test('a wrong token is refused with 28P01, recorded with what it claims and without itself', async () => {
  await assert.rejects(proxy.connect({ ssl, password: 'forged-token' }), {
    code: '28P01',
    message: 'the token was not accepted',
  });
  const [refused] = proxy.refusedLogins;
  assert.equal(refused?.claimedSubject, 'agent-7');
  assert.equal(refused?.fault.error.name, 'unauthenticated');
  assert.doesNotMatch(JSON.stringify(proxy.refusedLogins) + proxy.logged.join('\n'), /forged-token/);
});

test('a database that nobody serves is refused with 3D000', async () => {
  await assert.rejects(proxy.connect({ database: 'nonesuch' }), { code: '3D000' });
  assert.equal(proxy.refusedLogins.length, 1);
});

test('a database that is not named like the connection picks it by the name of its own', async () => {
  const client = await proxy.connect({ database: 'shop' });
  await client.query('SELECT 1');
  await client.end();
});

test('a connection with the wrong credential tells nothing of it', async () => {
  const wrong = await startProxy({ ...server, password: 'not-the-secret' });
  await assert.rejects(wrong.connect(), (error: Error & { code?: string }) => {
    assert.equal(error.code, '58000');
    assert.doesNotMatch(
      `${error.message} ${JSON.stringify(error)}`,
      /sluice\b.*password|not-the-secret|5432/,
    );
    return true;
  });
  assert.doesNotMatch(wrong.logged.join('\n'), /not-the-secret/);
  await wrong.stop();
});

test('a startup parameter that could change what statements mean is refused', async () => {
  for (const parameters of [
    { replication: 'database' },
    { options: '-c search_path=evil' },
    { search_path: 'evil' },
    { client_encoding: 'LATIN1' },
  ]) {
    const client = await WireClient.open(proxy.port);
    client.send(startup({ user: 'u', database: 'shop-db', ...(parameters as Record<string, string>) }));
    await client.closed();
    assert.equal(errorOf(client.messages)['C'], '0A000');
  }
});

test('a newer minor version of the protocol is negotiated down', async () => {
  const client = await WireClient.open(proxy.port);
  client.send(startup({ user: 'u', database: 'shop-db', '_pq_.later': '1' }, 2));
  const [negotiated] = await client.until('R');
  assert.equal(negotiated?.type, 'v');
  assert.deepEqual(negotiated?.body, Buffer.concat([int32(0), int32(1), Buffer.from('_pq_.later\0')]));
  client.send(frame('p', GOOD_TOKEN));
  await client.until('Z');
  client.destroy();
});

test('the intent is taken from the options of the startup packet', async () => {
  const client = await proxy.connect({ options: String.raw`-c sluice.intent=refund\ order\ 7` });
  await client.query('SELECT 1');
  assert.equal(proxy.decisions.at(-1)?.session.intent, 'refund order 7');
  await client.end();
});

test('the backend’s own cancel key does not reach the client, and settings that were pinned stay', async () => {
  const admin = await server.connect();
  const client = await WireClient.open(proxy.port);
  client.send(startup({ user: 'u', database: 'shop-db', application_name: 'key test' }));
  await client.until('R');
  client.send(frame('p', GOOD_TOKEN));
  const greeting = await client.until('Z');
  const key = greeting.find(({ type }) => type === 'K')?.body.readInt32BE(0);
  const { rows } = await admin.query("SELECT pid FROM pg_stat_activity WHERE application_name = 'key test'");
  assert.equal(rows.length, 1);
  assert.notEqual(rows[0].pid, key);
  const told = greeting.filter(({ type }) => type === 'S').map(({ body }) => body.toString().split('\0')[0]);
  assert.ok(told.includes('server_version'));
  assert.ok(!told.includes('session_authorization'));
  client.destroy();
  await admin.end();
});

test('a cancel with the right key stops the statement, one with a wrong key does not', async () => {
  proxy.use([{ id: 'p/all', effect: 'allow', on: ['*'] }]);
  const client = await proxy.connect();
  // Long enough to be cancelled, and made of what is known to be harmless.
  const slow = 'SELECT count(*) FROM orders a, orders b, orders c, orders d, orders e, orders f';
  const outcome = client.query(slow).then(
    () => 'ran',
    (error: { code: string }) => error.code,
  );
  await new Promise((resolve) => setTimeout(resolve, 150));
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
  for (const secret of [secretKey ^ 1, secretKey]) {
    const canceller = await WireClient.open(proxy.port);
    canceller.send(int32(16), int32(80_877_102), int32(processID), int32(secret));
    await canceller.closed();
  }
  assert.equal(await outcome, '57014');
  assert.equal((await client.query('SELECT 1 AS one')).rows[0].one, 1);
  assert.equal(proxy.completions.at(-2)?.outcome, 'cancelled');
  await client.end();
});

test('a session ends when its token expires', async () => {
  const client = await WireClient.open(proxy.port);
  client.send(startup({ user: 'u', database: 'shop-db' }));
  await client.until('R');
  client.send(frame('p', `${GOOD_TOKEN}:1`));
  await client.until('Z');
  await client.closed();
  assert.equal(errorOf(client.messages)['C'], '28P01');
});

test('a revoked session ends at once and is told why', async () => {
  const client = await WireClient.login(proxy.port, { application_name: 'to be revoked' });
  const live = proxy.listener.sessions().find(({ session }) => session.intent === 'to be revoked');
  assert.equal(live?.state, 'idle');
  live?.revoke('the laptop was stolen');
  await client.closed();
  assert.match(errorOf(client.messages)['M'] ?? '', /the laptop was stolen/);
});

test('closing lets what runs finish, lets nobody in, and tells idle clients', async () => {
  const other = await startProxy(server, { rules: [{ id: 'p/all', effect: 'allow', on: ['*'] }] });
  const [busy, idle] = [await WireClient.login(other.port), await WireClient.login(other.port)];
  busy.send(query('SELECT count(*) FROM orders a, orders b, orders c, orders d'));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const closing = other.listener.close(20_000);
  await idle.closed();
  assert.equal(fieldsOf(idle.messages[0]?.body ?? Buffer.alloc(0))['C'], '57P01');
  await assert.rejects(other.connect(), { code: 'ECONNREFUSED' });
  await busy.closed();
  assert.equal(busy.types(), 'TDCZE');
  await closing;
});

const psql = ['/usr/bin/psql', '/usr/local/bin/psql', '/opt/homebrew/bin/psql'].find(existsSync);
const skip = psql === undefined && 'psql is not installed (Debian: apt-get install postgresql-client)';

test('psql connects over TLS, reads masked rows and survives a refusal', { skip }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-psql-'));
  const root = join(directory, 'root.crt');
  await writeFile(root, certificate.cert);
  proxy.use([
    { id: 'p/read', effect: 'allow', actions: ['select', 'connect'], on: ['public.*', 'shop-db'] },
    { id: 'p/hide', effect: 'mask', on: ['public.customers.ssn'], mask: 'redact' },
  ]);
  const address = `host=localhost hostaddr=127.0.0.1 port=${proxy.port} dbname=shop-db user=agent`;
  const commands = [
    'SELECT id, ssn FROM customers WHERE id = 1',
    'SELECT * FROM payroll.salaries',
    'SELECT 41 + 1',
  ].flatMap((command) => ['-c', command]);
  const run = promisify(execFile)(
    psql ?? '',
    ['-XAt', `${address} sslmode=verify-full sslrootcert=${root}`, ...commands],
    { env: { ...process.env, PGPASSWORD: GOOD_TOKEN } },
  );
  // The exit code tells of the statement that was refused.
  const { stdout, stderr } = await run.catch((error: { stdout: string; stderr: string }) => error);
  await rm(directory, { recursive: true });
  assert.match(stdout, /^1\|\[redacted\]$/m);
  assert.match(stdout, /^42$/m);
  assert.match(stderr, /no rule permits `select` on `payroll.salaries`/);
});
