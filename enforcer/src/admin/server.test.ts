import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import { pb, REQUEST_ERRORS } from '@sluice/schemas';
import { ApprovalStore, openApprovalDesk, type OpenApprovalDesk } from '../approvals/index.js';
import type { OperationEvent, Principal, RefusedLoginEvent, Session } from '../pipeline/ports.js';
import { createMetrics } from './metrics.js';
import { startAdmin, type Admin } from './server.js';
import type { EnforcerStatus } from './status.js';

const person = (subject: string, ...groups: string[]): Principal => ({
  issuer: 'https://i',
  subject,
  groups,
  expiresMs: 1e12,
});
const PEOPLE: Record<string, Principal> = {
  agent: person('agent-7', 'support-agents'),
  other: person('agent-8', 'support-agents'),
  maria: person('maria', 'dba'),
  olga: person('olga', 'operators'),
};

const session = (id: string, principal: Principal): Session => ({
  id,
  principal,
  connection: 'shop-db',
  protocol: 'postgres',
  intent: 'refunds',
  clientAddress: '127.0.0.1:1',
  startedMs: 0,
});

const READY: EnforcerStatus = {
  version: '1',
  startedMs: 0,
  nowMs: 5_000,
  ready: true,
  reasons: [],
  bundle: {
    state: 'LOADED',
    code: '',
    message: '',
    source: 's',
    generation: 2,
    version: 7,
    revision: 'r',
    digest: 'ab',
    activatedMs: 1,
    confirmedMs: 1_000,
    expiresMs: 0,
  },
  audit: { writable: true, records: 9, queued: 0, problem: '' },
  connections: [
    { name: 'shop-db', protocol: 'postgres', listen: '127.0.0.1:6432', catalog: true, sessions: 2 },
  ],
  sessions: 2,
  approvals: { waiting: 0 },
};

let admin: Admin;
let desk: OpenApprovalDesk;
let status: EnforcerStatus;
let sessions: Session[];
let operations: OperationEvent[];
let logins: RefusedLoginEvent[];
let failing: Error | undefined;

beforeEach(async () => {
  status = READY;
  failing = undefined;
  operations = [];
  logins = [];
  sessions = [
    session('s-agent', PEOPLE['agent'] ?? assert.fail()),
    session('s-other', PEOPLE['other'] ?? assert.fail()),
  ];
  const audit = {
    operation: (event: OperationEvent) =>
      failing ? Promise.reject(failing) : Promise.resolve(void operations.push(event)),
    refusedLogin: (event: RefusedLoginEvent) => Promise.resolve(void logins.push(event)),
  };
  desk = openApprovalDesk({
    store: new ApprovalStore(':memory:'),
    channel: { asked: () => undefined, settled: () => undefined },
    audit,
    clock: { now: () => Date.now(), monotonicUs: () => 0 },
    holdMs: 1,
  });
  const metrics = createMetrics();
  metrics.observe(() => status);
  admin = await startAdmin({
    listen: { host: '127.0.0.1', port: 0 },
    operators: ['operators'],
    authenticator: {
      authenticate: (token) => {
        const principal = PEOPLE[token];
        return Promise.resolve(
          principal
            ? { ok: true, principal }
            : {
                ok: false,
                error: REQUEST_ERRORS.unauthenticated,
                message: 'secret details',
                claimedSubject: 'eve',
                claimedIssuer: '',
              },
        );
      },
    },
    audit,
    desk,
    metrics,
    sessions: {
      list: () => sessions,
      end: (id) => {
        const before = sessions.length;
        sessions = sessions.filter((one) => one.id !== id);
        return sessions.length < before;
      },
    },
    status: () => status,
    onError: () => undefined,
  });
});
afterEach(() => admin.close());

async function call(path: string, token?: string, init: RequestInit = {}) {
  const headers = new Headers(init.headers);
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
  const response = await fetch(`${admin.url}${path}`, { ...init, headers });
  const text = await response.text();
  const json = response.headers.get('content-type')?.includes('json')
    ? (JSON.parse(text) as Record<string, unknown>)
    : {};
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    text,
    json,
    headers: response.headers,
  };
}

const answer = (id: string, token: string | undefined, body: unknown) =>
  call(`/v1/approvals/${id}`, token, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });

async function ask(): Promise<string> {
  const held = await desk.hold(
    {
      digest: 'd1',
      session: sessions[0] ?? assert.fail(),
      request: 'UPDATE public.orders SET status = 1',
      estimatedRows: 4,
      rules: [
        {
          id: 'p/refunds',
          effect: 'require_approval',
          shadow: false,
          message: '',
          owner: '',
          file: '',
          line: 1,
          column: 1,
          approval: { approvers: ['dba'], expiresSeconds: 900 },
        },
      ],
    },
    () => undefined,
    new AbortController().signal,
  );
  return held.id;
}

test('health, readiness and status are open', async () => {
  assert.equal((await call('/healthz')).status, 200);
  assert.deepEqual((await call('/readyz')).json, { ready: true, reasons: [] });
  assert.deepEqual((await call('/status')).json, READY);
  status = { ...READY, ready: false, reasons: ['no policy decides'] };
  const answered = await call('/readyz');
  assert.deepEqual([answered.status, answered.json], [503, { ready: false, reasons: ['no policy decides'] }]);
  assert.equal((await call('/healthz')).status, 200, 'alive all the same');
});

test('metrics follow the status', async () => {
  const { text, type } = await call('/metrics');
  assert.match(type, /text\/plain/);
  for (const line of [
    'sluice_ready 1',
    'sluice_bundle_generation 2',
    'sluice_bundle_age_seconds 4',
    'sluice_audit_records 9',
    'sluice_sessions{connection="shop-db"} 2',
  ]) {
    assert.ok(text.includes(`\n${line}\n`), line);
  }
});

for (const [path, method] of [
  ['/v1/approvals', 'GET'],
  ['/v1/approvals/ap-22222222', 'POST'],
  ['/v1/sessions', 'GET'],
  ['/v1/sessions/s-agent', 'DELETE'],
] as const) {
  test(`${method} ${path} needs a token`, async () => {
    const body =
      method === 'POST'
        ? { body: '{"answer":"approve"}', headers: { 'content-type': 'application/json' } }
        : {};
    for (const token of [undefined, 'forged']) {
      const refused = await call(path, token, { method, ...body });
      assert.deepEqual(
        [refused.status, refused.json['code'], refused.type.split(';')[0]],
        [401, 'SLU4011', 'application/problem+json'],
      );
      assert.equal(refused.headers.get('www-authenticate'), 'Bearer');
      assert.ok(!refused.text.includes('secret details'));
    }
    assert.deepEqual(
      logins.map(({ protocol, claimedSubject }) => [protocol, claimedSubject]),
      [['admin', 'eve']],
    );
    assert.equal(sessions.length, 2);
  });
}

test('an approver sees what waits and answers it; the asker sees it; others do not', async () => {
  const id = await ask();
  const seen = await call('/v1/approvals', 'maria');
  const [approval] = seen.json['approvals'] as JsonValue[];
  const message = fromJson(pb.ApprovalSchema, approval ?? null);
  assert.deepEqual(
    [message.id, message.request, message.state],
    [id, 'UPDATE public.orders SET status = 1', pb.ApprovalState.PENDING],
  );
  assert.equal((await call('/v1/approvals', 'agent')).text.includes(id), true);
  assert.equal((await call('/v1/approvals', 'other')).text.includes(id), false);
  const answered = await answer(id, 'maria', { answer: 'approve', reason: 'ok' });
  assert.deepEqual([answered.status, answered.json['state']], [200, 'APPROVAL_STATE_APPROVED']);
  assert.deepEqual(
    operations.map(({ operation, actor }) => [operation, actor]),
    [['approval.answered', 'maria']],
  );
  assert.deepEqual((await call('/v1/approvals', 'maria')).json, { approvals: [] });
  assert.equal((await call('/v1/approvals?all', 'maria')).text.includes(id), true);
});

test('answers that may not be given are problems with a code', async () => {
  const id = await ask();
  const cases = [
    [await answer(id, 'agent', { answer: 'approve' }), 403, 'SLU5012'],
    [await answer(id, 'other', { answer: 'approve' }), 403, 'SLU5012'],
    [await answer('ap-22222222', 'maria', { answer: 'approve' }), 404, 'SLU5010'],
    [await answer(id, 'maria', { answer: 'maybe' }), 400, 'SLU5014'],
    [await answer(id, 'maria', { answer: 'approve', extra: 1 }), 400, 'SLU5014'],
    [await answer(id, 'maria', { answer: 'approve', reason: 7 }), 400, 'SLU5014'],
    [await answer(id, 'maria', { answer: 'deny', reason: 'x'.repeat(20_000) }), 413, 'SLU5014'],
    [await call('/v1/nothing', 'maria'), 404, 'SLU5014'],
  ] as const;
  for (const [refused, code, name] of cases) {
    assert.deepEqual([refused.status, refused.json['code']], [code, name]);
    assert.ok(!refused.text.includes('node:'), 'no stack');
  }
  assert.equal(desk.pendingCount(), 1);
  assert.equal((await answer(id, 'maria', { answer: 'deny', reason: 'no' })).status, 200);
  assert.equal((await answer(id, 'maria', { answer: 'approve' })).status, 409);
});

test('an answer that cannot be audited is not given', async () => {
  const id = await ask();
  failing = new Error('disk full at /secret/path');
  const refused = await answer(id, 'maria', { answer: 'approve' });
  assert.deepEqual([refused.status, refused.text.includes('secret')], [500, false]);
  assert.equal(desk.pendingCount(), 1);
});

test('everybody sees and ends their own sessions, operators all', async () => {
  const ids = async (token: string) =>
    ((await call('/v1/sessions', token)).json['sessions'] as { id: string }[]).map(({ id }) => id);
  assert.deepEqual(
    [await ids('agent'), await ids('maria'), await ids('olga')],
    [['s-agent'], [], ['s-agent', 's-other']],
  );
  assert.equal((await call('/v1/sessions/s-other', 'agent', { method: 'DELETE' })).status, 404);
  assert.equal(sessions.length, 2);
  assert.equal((await call('/v1/sessions/s-agent', 'agent', { method: 'DELETE' })).status, 204);
  assert.equal((await call('/v1/sessions/s-other', 'olga', { method: 'DELETE' })).status, 204);
  assert.deepEqual(sessions, []);
  assert.deepEqual(
    operations.map(({ operation, actor, subject }) => [operation, actor, subject]),
    [
      ['session.ended', 'agent-7', 's-agent'],
      ['session.ended', 'olga', 's-other'],
    ],
  );
});

test('an address that is taken is said so', async () => {
  const port = Number(new URL(admin.url).port);
  const taken = { listen: { host: '127.0.0.1', port }, operators: [], desk, metrics: createMetrics() };
  await assert.rejects(
    startAdmin({
      ...taken,
      authenticator: { authenticate: () => assert.fail() },
      audit: { operation: () => assert.fail(), refusedLogin: () => assert.fail() },
      sessions: { list: () => [], end: () => false },
      status: () => status,
      onError: () => undefined,
    }),
    { code: 'SLU5016' },
  );
});
