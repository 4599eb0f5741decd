/** The same through `psql`, as a person or an agent in a terminal sees it. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { leaksIn } from '../support/canaries.js';
import { AGENT, DBA, startShopEnforcer, type ShopEnforcer } from '../support/shop-enforcer.js';

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Running {
  readonly child: ChildProcess;
  readonly stderr: () => string;
  readonly finished: Promise<Finished>;
}

const TIMEOUT_MS = 30_000;
let shop: ShopEnforcer;
before(async () => {
  shop = await startShopEnforcer();
});
after(() => shop?.stop());

interface Options {
  readonly password?: string;
  readonly sslmode?: string;
  readonly input?: string;
}

async function start(args: readonly string[], options: Options = {}): Promise<Running> {
  const [listening] = shop.enforcer.listeners;
  assert.ok(listening);
  const password = options.password ?? (await shop.issuer.token(AGENT));
  const tls = `sslmode=${options.sslmode ?? 'verify-full'} sslrootcert=${join(shop.dir, 'tls.crt')}`;
  const target = `host=localhost hostaddr=127.0.0.1 port=${listening.port} dbname=shop-db user=agent ${tls}`;
  const flags = ['--no-psqlrc', '--no-align', '--tuples-only', '--set=ON_ERROR_STOP=1', ...args, target];
  const child = spawn('psql', flags, { env: { ...process.env, PGPASSWORD: password }, timeout: TIMEOUT_MS });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.end(options.input ?? '');
  const finished = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return { child, stderr: () => stderr, finished };
}

const psql = async (args: readonly string[], options?: Options): Promise<Finished> =>
  (await start(args, options)).finished;

test('psql logs in with a token over verified TLS and reads masked rows', async () => {
  const { code, stdout, stderr } = await psql([
    '-c',
    'SELECT id, ssn, phone FROM customers ORDER BY id LIMIT 2',
  ]);
  assert.deepEqual([code, stdout, stderr], [0, '1|[redacted]|\n2|[redacted]|\n', '']);
});

test('a denied statement prints the rule, the hint and the decision, and the next one runs', async () => {
  const statements = ['-c', 'SELECT * FROM payroll.salaries', '-c', 'SELECT count(*) FROM orders'];
  const { code, stdout, stderr } = await psql(['--set=ON_ERROR_STOP=0', ...statements]);
  assert.match(stderr, /^ERROR: {2}Payroll is off limits to agents \(rule `support-agents\/no-payroll`\)$/m);
  assert.match(stderr, /^HINT: .*Owner: @acme\/data-platform\. Decision: [0-9a-f-]{36} \(SLU4001\)\.$/m);
  assert.deepEqual([code, stdout], [0, '60\n']);
});

test('a script stops at the statement that is denied', async () => {
  const { code, stdout } = await psql([], { input: 'SELECT 1;\nDROP TABLE orders;\nSELECT 2;\n' });
  assert.deepEqual([code, stdout], [3, '1\n']);
});

test('nothing of a text of several statements runs when one of them may not', async () => {
  const { code, stdout } = await psql(['-c', 'SELECT 1; DROP TABLE orders']);
  assert.deepEqual([code, stdout], [1, '']);
});

test('no way that psql has of copying a table shows a masked value', async () => {
  for (const command of [
    '\\copy customers to stdout',
    '\\copy (select * from customers) to stdout',
    'COPY customers TO STDOUT',
    'TABLE customers \\gx',
    'EXPLAIN ANALYZE SELECT * FROM customers WHERE ssn LIKE $$917%$$',
    '\\d customers',
    '\\df+',
  ]) {
    const { stdout, stderr } = await psql([], { input: `${command}\n` });
    const leaks = leaksIn(stdout + stderr).filter((column) => column !== 'birthday');
    assert.deepEqual(leaks, [], command);
    assert.notEqual(stdout + stderr, '', command);
  }
});

test('a transaction keeps going after it was rolled back to a savepoint', async () => {
  const input = [
    'BEGIN;',
    'SAVEPOINT s;',
    'SELECT * FROM payroll.salaries;',
    'ROLLBACK TO s;',
    'SELECT count(*) FROM products;',
    'COMMIT;',
  ].join('\n');
  const { stdout } = await psql(['--quiet', '--set=ON_ERROR_STOP=0'], { input });
  assert.equal(stdout, '10\n');
});

test('an UPDATE waits until a DBA approves it', async () => {
  const held = await start(['-c', "UPDATE orders SET status = 'refunded' WHERE id = 9"]);
  const id = await approvalId(held);
  assert.equal((await shop.sluice(DBA, 'approve', id)).code, 0);
  const { code, stdout } = await held.finished;
  assert.deepEqual([code, stdout], [0, 'UPDATE 1\n']);
});

test('an interrupt ends the wait for an approval, and nothing is changed', async () => {
  const held = await start(['-c', "UPDATE orders SET status = 'refunded' WHERE id = 10"]);
  await approvalId(held);
  held.child.kill('SIGINT');
  const { code } = await held.finished;
  assert.notEqual(code, 0);
  const { stdout } = await psql(['-c', 'SELECT status FROM orders WHERE id = 10']);
  assert.equal(stdout, 'open\n');
});

async function approvalId({ stderr }: Running): Promise<string> {
  const deadline = Date.now() + TIMEOUT_MS;
  while (Date.now() < deadline) {
    const id = /\bap-[a-z0-9]+/.exec(stderr())?.[0];
    if (id !== undefined) return id;
    await sleep(20);
  }
  return assert.fail('nobody was told that the statement waits');
}

test('a password that is no token is refused before the backend is asked', async () => {
  const { code, stderr } = await psql(['-c', 'SELECT 1'], { password: 'superuser-secret-of-the-backend' });
  assert.equal(code, 2);
  assert.match(stderr, /FATAL: {2}the token was not accepted/);
});
