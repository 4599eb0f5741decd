import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, test } from 'node:test';
import type { RuleInfo } from '@sluice/schemas';
import type { ApprovalAnswer, ApprovalRequest, OperationEvent, Principal } from '../pipeline/ports.js';
import type { Approval } from './approval.js';
import { openApprovalDesk, type OpenApprovalDesk } from './approval-desk.js';
import { ApprovalStore } from './approval-store.js';

const person = (subject: string, ...groups: string[]): Principal => ({
  issuer: 'i',
  subject,
  groups,
  expiresMs: Infinity,
});
const agent = person('agent-7', 'support-agents');
const dba = person('maria', 'dba');

const asking = (id: string, approvers: string[], expiresSeconds = 900): RuleInfo => ({
  id,
  effect: 'require_approval',
  shadow: false,
  message: '',
  owner: '',
  file: '',
  line: 1,
  column: 1,
  approval: { approvers, expiresSeconds },
});

const request = (digest: string, rules = [asking('p/refunds', ['dba'])]): ApprovalRequest => ({
  digest,
  session: {
    id: 's',
    principal: agent,
    connection: 'shop-db',
    protocol: 'postgres',
    intent: 'refund',
    clientAddress: '',
    startedMs: 0,
  },
  request: 'UPDATE orders SET status = $1',
  estimatedRows: 3,
  rules,
});

const open: { close(): void }[] = [];
afterEach(() => {
  for (const it of open.splice(0)) it.close();
});

interface Bench {
  readonly desk: OpenApprovalDesk;
  readonly audited: OperationEvent[];
  /** Holds the request; `id` resolves once the client was told to wait. */
  hold(
    request: ApprovalRequest,
    signal?: AbortSignal,
  ): { readonly id: Promise<string>; readonly answer: Promise<ApprovalAnswer> };
  clock: { nowMs: number };
  auditFails: boolean;
}

function bench(holdMs = 60_000, file = ':memory:'): Bench {
  const store = new ApprovalStore(file);
  const clock = { nowMs: 1_000_000 };
  const audited: OperationEvent[] = [];
  const self: Bench = {
    clock,
    audited,
    auditFails: false,
    desk: openApprovalDesk({
      store,
      channel: { asked: () => undefined, settled: () => undefined },
      audit: {
        operation: (event) =>
          self.auditFails ? Promise.reject(new Error('full')) : Promise.resolve(void audited.push(event)),
      },
      clock: { now: () => clock.nowMs, monotonicUs: () => 0 },
      holdMs,
    }),
    hold(held, signal = new AbortController().signal) {
      let asked: (id: string) => void = () => undefined;
      const id = new Promise<string>((resolve) => (asked = resolve));
      return { id, answer: self.desk.hold(held, asked, signal) };
    },
  };
  open.push({ close: () => (self.desk.close(), store.close()) });
  return self;
}

test('an approved request goes on, and its approval is spent', async () => {
  const { desk, hold, audited } = bench();
  const held = hold(request('d1'));
  const id = await held.id;
  assert.match(id, /^ap-[2-9a-hjkmnp-z]{8}$/);
  assert.equal(desk.pendingCount(), 1);
  assert.equal((await desk.answer(id, dba, 'approve', '')).ok, true);
  assert.deepEqual(await held.answer, { kind: 'approved', id, by: 'maria' });
  assert.deepEqual(
    audited.map(({ operation, actor, subject, detail }) => [operation, actor, subject, detail]),
    [['approval.answered', 'maria', id, 'approved']],
  );
  const again = hold(request('d1'));
  assert.notEqual(await again.id, id, 'the next identical request asks anew');
});

test('a denied request is told the reason, and so is the next identical one', async () => {
  const { desk, hold } = bench();
  const held = hold(request('d1'));
  const id = await held.id;
  await desk.answer(id, dba, 'deny', 'not on a Friday');
  const denied = { kind: 'denied', id, by: 'maria', reason: 'not on a Friday' };
  assert.deepEqual(await held.answer, denied);
  assert.deepEqual(await hold(request('d1')).answer, denied);
});

test('an answer that comes while nobody waits is used by the next identical request, once', async () => {
  const { desk, hold } = bench(20);
  const first = hold(request('d1'));
  const id = await first.id;
  assert.deepEqual(await first.answer, { kind: 'pending', id, expiresMs: 1_900_000 });
  await desk.answer(id, dba, 'approve', '');
  assert.deepEqual(await hold(request('d1')).answer, { kind: 'approved', id, by: 'maria' });
  assert.equal((await hold(request('d1')).answer).kind, 'pending');
});

test('the same request asked twice joins one approval, which runs one of them', async () => {
  const { desk, hold } = bench(200);
  const both = [hold(request('d1')), hold(request('d1'))] as const;
  const [id, same] = await Promise.all(both.map((held) => held.id));
  assert.equal(id, same);
  await desk.answer(id ?? '', dba, 'approve', '');
  const kinds = (await Promise.all(both.map((held) => held.answer))).map(({ kind }) => kind);
  assert.deepEqual(
    kinds.toSorted((a, b) => a.localeCompare(b)),
    ['approved', 'pending'],
  );
});

test('another request is not let through by it', async () => {
  const { desk, hold } = bench(50);
  const id = await hold(request('d1')).id;
  await desk.answer(id, dba, 'approve', '');
  assert.equal((await hold(request('d2')).answer).kind, 'pending');
});

const NOT_APPROVERS: readonly [string, Principal, RuleInfo[], string][] = [
  ['somebody outside', person('eve', 'analysts'), [asking('p/a', ['dba'])], 'not_an_approver'],
  ['the requester', agent, [asking('p/a', ['support-agents', 'agent-7'])], 'not_an_approver'],
  [
    'the requester by another issuer',
    { ...person('agent-7', 'dba'), issuer: 'other' },
    [asking('p/a', ['dba'])],
    'not_an_approver',
  ],
  [
    'an approver of one rule of two',
    dba,
    [asking('p/a', ['dba']), asking('p/b', ['lead'])],
    'not_an_approver',
  ],
  ['anybody, when a rule names nobody', dba, [asking('p/a', [])], 'not_an_approver'],
];
for (const [name, principal, rules, error] of NOT_APPROVERS) {
  test(`does not take an answer from ${name}`, async () => {
    const { desk, hold, audited } = bench();
    const id = await hold(request('d1', rules)).id;
    const result = await desk.answer(id, principal, 'approve', '');
    assert.equal(!result.ok && result.error.name, error);
    assert.deepEqual([desk.pendingCount(), audited], [1, []]);
  });
}

test('takes an answer from somebody in the lists of all rules, by name or by group', async () => {
  const { desk, hold } = bench();
  const held = hold(request('d1', [asking('p/a', ['dba']), asking('p/b', ['maria'])]));
  assert.equal((await desk.answer(await held.id, dba, 'approve', '')).ok, true);
  assert.equal((await held.answer).kind, 'approved');
});

test('knows no approval but its own, and takes one answer', async () => {
  const { desk, hold } = bench();
  const unknown = await desk.answer('ap-22222222', dba, 'approve', '');
  assert.equal(!unknown.ok && unknown.error.name, 'approval_unknown');
  const id = await hold(request('d1')).id;
  const answers = await Promise.all([desk.answer(id, dba, 'approve', ''), desk.answer(id, dba, 'deny', '')]);
  assert.deepEqual(
    answers.map(({ ok }) => String(ok)).toSorted((a, b) => a.localeCompare(b)),
    ['false', 'true'],
  );
});

test('an approval that expired lets nothing through', async () => {
  const { desk, hold, clock } = bench(20);
  const rules = [asking('p/a', ['dba'], 60), asking('p/b', ['dba'], 600)];
  const { id } = await hold(request('d1', rules)).answer;
  assert.equal((await desk.answer(id, dba, 'approve', '')).ok, true);
  clock.nowMs += 60_000;
  const later = hold(request('d1'));
  assert.notEqual(await later.id, id);
  clock.nowMs += 900_000;
  const late = await desk.answer(await later.id, dba, 'approve', '');
  assert.equal(!late.ok && late.error.name, 'approval_settled');
});

test('an answer that cannot be audited does not count', async () => {
  const self = bench(50);
  const held = self.hold(request('d1'));
  self.auditFails = true;
  await assert.rejects(self.desk.answer(await held.id, dba, 'approve', ''));
  assert.equal((await held.answer).kind, 'pending');
});

test('a client that leaves ends its wait, and the approval stays', async () => {
  const { desk, hold } = bench();
  const client = new AbortController();
  const held = hold(request('d1'), client.signal);
  await held.id;
  client.abort();
  assert.equal((await held.answer).kind, 'pending');
  assert.equal(desk.pendingCount(), 1);
});

test('closing tells everybody who waits', async () => {
  const { desk, hold } = bench();
  const held = hold(request('d1'));
  await held.id;
  desk.close();
  assert.equal((await held.answer).kind, 'pending');
});

test('only an approved approval is spent, and only once', async () => {
  const store = new ApprovalStore(':memory:');
  open.push(store);
  const nowMs = 1_000_000;
  const approval = { ...(await pendingApproval()), createdMs: nowMs, expiresMs: nowMs + 1_000 };
  store.add(approval);
  assert.equal(store.spend(approval.id, nowMs), false, 'pending');
  assert.equal(store.answer(approval.id, 'approved', 'maria', '', nowMs), true);
  assert.equal(store.spend(approval.id, nowMs + 1_000), false, 'expired');
  assert.equal(store.spend(approval.id, nowMs), true);
  assert.equal(store.spend(approval.id, nowMs), false, 'spent');
  assert.equal(store.answer(approval.id, 'approved', 'maria', '', nowMs), false, 'not approved again');
});

async function pendingApproval(): Promise<Approval> {
  const { desk, hold } = bench();
  await hold(request('d1')).id;
  return desk.list(true)[0] ?? assert.fail('nothing waits');
}

test('survives a restart', async () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-approvals-'));
  const file = path.join(dir, 'state.db');
  const first = bench(20, file);
  const { id } = await first.hold(request('d1')).answer;
  await first.desk.answer(id, dba, 'approve', 'fine');
  open.pop()?.close();
  const second = bench(20, file);
  assert.deepEqual(await second.hold(request('d1')).answer, { kind: 'approved', id, by: 'maria' });
  assert.equal(second.desk.list(false)[0]?.state, 'used');
  open.pop()?.close();
  fs.rmSync(dir, { recursive: true });
});
