/** The product as a whole, from YAML and a configuration file to a real PostgreSQL. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { searchLog, verifyLog } from '@sluice/enforcer';
import { startIssuer } from '../support/oidc-issuer.js';
import { spawnSluice } from '../support/run-sluice.js';
import {
  AGENT,
  DBA,
  startShopEnforcer,
  writeBundle,
  writeConfig,
  type ShopEnforcer,
} from '../support/shop-enforcer.js';

let shop: ShopEnforcer;
before(async () => {
  // No cool-down: a test of key rotation should not wait for it.
  shop = await startShopEnforcer({ overrides: { identity: { keysCoolDownMs: 0 } } });
});
after(() => shop?.stop());

const auditDir = (): string => join(shop.dir, 'audit');
const found = (filters: Parameters<typeof searchLog>[1]) => searchLog(auditDir(), filters, 1000);

/** The SQLSTATE and the text of a refusal. */
async function refusal(query: Promise<unknown>): Promise<string> {
  try {
    await query;
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return `${code} ${message}`;
  }
  return assert.fail('the statement was not refused');
}

test('reads are masked, and leave a decision and a completion behind', async () => {
  const client = await shop.connect();
  const { rows } = await client.query('SELECT id, ssn, phone FROM customers ORDER BY id LIMIT 2');
  assert.deepEqual(rows, [
    { id: '1', ssn: '[redacted]', phone: null },
    { id: '2', ssn: '[redacted]', phone: null },
  ]);
  await client.end();
  const [entry] = found({ text: 'limit 2', principal: 'agent-7' });
  assert.deepEqual([entry?.completion?.outcome, entry?.completion?.rows], ['ok', '2']);
  const decision = entry?.record.decision;
  assert.equal(decision?.decision?.outcome, 'OUTCOME_ALLOW');
  assert.equal(decision.actor?.intent, 'ticket 4711');
  const rule = decision.decision.rules?.find(({ id }) => id === 'support-agents/hide-ssn');
  assert.ok(rule?.position?.file?.endsWith('support-agents.yaml') && (rule.position.line ?? 0) > 0);
  assert.ok(
    decision.decision.masks?.some(
      ({ column, mask }) => column === 'public.customers.ssn' && mask === 'MASK_REDACT',
    ),
  );
});

test('what no rule permits is denied, and the session lives', async () => {
  const client = await shop.connect();
  assert.match(await refusal(client.query('DROP TABLE customers')), /^42501 /);
  assert.match(await refusal(client.query('SELECT * FROM payroll.salaries')), /^42501 Payroll is off limits/);
  assert.equal((await client.query('SELECT count(*)::int AS many FROM orders')).rows.length, 1);
  await client.end();
  const [entry] = found({ text: 'payroll.salaries', outcome: 'refused' });
  assert.equal(entry?.record.decision?.refusal, 'SLU4001');
  assert.equal(entry.completion, undefined, 'nothing was forwarded');
});

test('a change waits, is approved by somebody else on the command line, and runs', async () => {
  const client = await shop.connect();
  const asked = new Promise<string>((resolve) =>
    client.once('notice', ({ message }) => resolve(/ap-[a-z0-9]+/.exec(message ?? '')?.[0] ?? '')),
  );
  const held = client.query("UPDATE orders SET status = 'refunded' WHERE id = 3");
  const id = await asked;
  const listed = await shop.sluice(DBA, 'approvals');
  assert.ok(listed.stdout.includes(id) && listed.stdout.includes('UPDATE orders'));
  const own = await shop.sluice(AGENT, 'approve', id);
  assert.deepEqual([own.code, own.stderr.includes('SLU5012')], [1, true]);
  const nobody = await shop.sluice(undefined, 'approve', id);
  assert.deepEqual([nobody.code, nobody.stderr.includes('SLU4011')], [1, true]);
  const approved = await shop.sluice(DBA, 'approve', id, '--json');
  assert.equal(approved.code, 0, approved.stderr);
  assert.equal((await held).rowCount, 1);
  await client.end();
  const [entry] = found({ text: "status = 'refunded'" });
  assert.deepEqual([entry?.record.decision?.approvalId, entry?.record.decision?.refusal], [id, undefined]);
  assert.equal(found({ text: id, principal: 'maria' }).length, 1);
});

test('a denied change tells the agent why', async () => {
  const client = await shop.connect();
  const asked = new Promise<string>((resolve) =>
    client.once('notice', ({ message }) => resolve(/ap-[a-z0-9]+/.exec(message ?? '')?.[0] ?? '')),
  );
  const held = refusal(client.query("UPDATE orders SET status = 'refunded' WHERE id = 4"));
  const denied = await shop.sluice(DBA, 'deny', await asked, '--reason', 'no ticket');
  assert.equal(denied.code, 0, denied.stderr);
  assert.match(await held, /^42501 maria denied approval ap-.*no ticket/);
  await client.end();
});

const rejected = async (password: string): Promise<string> => refusal(shop.connectWith(password));

test('a login without a good token is refused and recorded, without the token', async () => {
  const other = await startIssuer();
  const tokens = {
    'another audience': await shop.issuer.token({ ...AGENT, audience: 'billing' }),
    'another issuer': await other.token(AGENT),
    'a changed payload': (await shop.issuer.token(AGENT)).replace(
      /\.(.)/,
      (_, first: string) => `.${first === 'e' ? 'f' : 'e'}`,
    ),
    'no token at all': 'hunter2',
    'too many groups elsewhere': await shop.issuer.token({
      ...AGENT,
      claims: { _claim_names: { groups: 'x' } },
    }),
  };
  await other.stop();
  for (const [name, token] of Object.entries(tokens)) {
    assert.match(await rejected(token), /^28P01 /, name);
  }
  const log = (
    await Promise.all(
      (await readdir(auditDir()))
        .filter((name) => name.endsWith('.jsonl'))
        .map((name) => readFile(join(auditDir(), name), 'utf8')),
    )
  ).join('');
  assert.equal(log.match(/"refusedLogin"/g)?.length, Object.keys(tokens).length);
  for (const token of Object.values(tokens)) assert.ok(!log.includes(token));
  assert.ok(!log.includes(shop.server.password) && !shop.logged.join('').includes(shop.server.password));
});

test('an expired token is refused', async () => {
  const token = await shop.issuer.token({ ...AGENT, expiresInSeconds: 1 });
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  assert.match(await rejected(token), /^28P01 /);
});

test('a token signed by a rotated key is accepted', async () => {
  shop.issuer.rotateKeys();
  const client = await shop.connect({ subject: 'agent-9', groups: ['support-agents'] });
  assert.equal((await client.query('SELECT 1 AS one')).rows.length, 1);
  await client.end();
});

test('an operator ends a session', async () => {
  const client = await shop.connect();
  const token = await shop.issuer.token({ subject: 'olga', groups: ['operators'] });
  const headers = { authorization: `Bearer ${token}` };
  const url = `${shop.enforcer.adminUrl}/v1/sessions`;
  const { sessions } = (await (await fetch(url, { headers })).json()) as {
    sessions: { id: string; subject: string }[];
  };
  const id = sessions.find(({ subject }) => subject === 'agent-7')?.id ?? assert.fail('no session');
  const ended = new Promise((resolve) => client.once('end', resolve));
  assert.equal((await fetch(`${url}/${id}`, { method: 'DELETE', headers })).status, 204);
  await ended;
});

test('status, readiness and metrics tell what runs', async () => {
  const { code, stdout } = await shop.sluice(undefined, 'status', '--json');
  assert.equal(code, 0);
  const status = JSON.parse(stdout) as ReturnType<typeof shop.enforcer.status>;
  assert.deepEqual(
    [status.ready, status.bundle.state, status.bundle.version, status.audit.writable],
    [true, 'LOADED', 1, true],
  );
  const metrics = await (await fetch(`${shop.enforcer.adminUrl}/metrics`)).text();
  for (const pattern of [
    /^sluice_decisions_total\{connection="shop-db",outcome="allow"\} [1-9]/m,
    /^sluice_refusals_total\{connection="shop-db",code="SLU4001"\} 1$/m,
    /^sluice_decision_seconds_count [1-9]/m,
    /^sluice_bundle_version 1$/m,
  ]) {
    assert.match(metrics, pattern);
  }
});

test('the audit log of all this verifies, and is searched on the command line', async () => {
  await shop.enforcer.close();
  assert.deepEqual(verifyLog(auditDir()).findings, []);
  const fine = await shop.sluice(undefined, 'audit', 'verify', '--config', 'sluice.yaml');
  assert.deepEqual([fine.code, fine.stdout.includes('complete and unchanged')], [0, true]);
  const denied = await shop.sluice(
    undefined,
    'audit',
    'search',
    '--outcome',
    'deny',
    '--config',
    'sluice.yaml',
  );
  assert.match(denied.stdout, /payroll\.salaries/);
});

test('a process drains on SIGTERM and ends with 0', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-process-'));
  await writeBundle(dir);
  await writeConfig(dir, shop.server, shop.issuer.issuer);
  const child = spawnSluice(dir, ['enforce', '--config', 'sluice.yaml', '--json']);
  try {
    const [line] = (await once(child.stdout ?? assert.fail(), 'data')) as [Buffer];
    const { admin } = JSON.parse(line.toString()) as { admin: string };
    assert.equal((await fetch(`${admin}/readyz`)).status, 200);
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number | null];
    assert.equal(code, 0);
    assert.deepEqual(
      searchLog(join(dir, 'audit'), {}, 100).map(({ record }) => record.operation?.operation),
      ['start', 'bundle.activated', 'bundle.state.loaded', 'stop'],
    );
    assert.deepEqual(verifyLog(join(dir, 'audit')).findings, []);
  } finally {
    child.kill('SIGKILL');
    await rm(dir, { recursive: true, force: true });
  }
});
