import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { REQUEST_ERRORS, type RuleInfo } from '@sluice/schemas';
import type { DecisionEvent } from '../pipeline/ports.js';
import { openAuditLog, type OpenAuditLog } from './audit-log.js';
import { followLog } from './follow-log.js';
import { parseRecord } from './record-json.js';
import { searchLog, type SearchFilters } from './search-log.js';

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-search-'));
const clock = { nowMs: 1_000_000, now: () => clock.nowMs, monotonicUs: () => 0 };
let log: OpenAuditLog;

const rule: RuleInfo = {
  id: 'shop/read',
  effect: 'allow',
  shadow: false,
  message: '',
  owner: '',
  file: 'shop.yaml',
  line: 3,
  column: 1,
};

const event = (decisionId: string, subject: string, more: Partial<DecisionEvent> = {}): DecisionEvent => ({
  decisionId,
  session: {
    id: 's',
    principal: { issuer: 'i', subject, groups: [], expiresMs: 0 },
    connection: subject === 'ann' ? 'shop-db' : 'other-db',
    protocol: 'postgres',
    intent: '',
    clientAddress: '',
    startedMs: 0,
  },
  request: `SELECT ${decisionId}`,
  parameters: [],
  decision: {
    outcome: 'allow',
    shadowOutcome: 'allow',
    reason: 'allowed',
    unpermitted: -1,
    matches: [{ rule: 0, target: 0, failed: false }],
    masks: new Map(),
  },
  columns: [],
  rowLimit: undefined,
  refusal: undefined,
  approvalId: undefined,
  generation: {
    number: 1,
    digest: 'd',
    policy: { rules: [rule], facts: new Set(), factsFor: () => new Set(), decide: () => assert.fail() },
  },
  durable: false,
  ...more,
});

before(async () => {
  log = await openAuditLog({ dir, durability: 'written', clock, segmentLimitBytes: 1_000 });
  await log.decision(event('d1', 'ann'));
  log.completion('d1', { outcome: 'ok', rows: 5, bytes: 9, backendCode: '' }, 7);
  clock.nowMs += 60_000;
  const error = REQUEST_ERRORS.denied_by_rule;
  await log.decision(
    event('d2', 'bob', {
      decision: {
        outcome: 'deny',
        shadowOutcome: 'deny',
        reason: 'no_rule',
        unpermitted: 0,
        matches: [],
        masks: new Map(),
      },
      refusal: { error, message: 'Payroll is off limits', hint: '', decisionId: 'd2' },
    }),
  );
  await log.refusedLogin({
    connection: 'shop-db',
    protocol: 'postgres',
    clientAddress: '',
    claimedSubject: 'eve',
    claimedIssuer: '',
    fault: { error: REQUEST_ERRORS.unauthenticated, message: 'the token has expired' },
  });
  await log.operation({ operation: 'start', actor: 'enforcer', subject: '', detail: '', code: '' });
});
after(async () => {
  await log.close();
  fs.rmSync(dir, { recursive: true });
});

const CASES: readonly [string, SearchFilters, string[]][] = [
  ['everything', {}, ['d1', 'd2', 'eve', 'start']],
  ['a principal', { principal: 'ann' }, ['d1']],
  ['who a refused login claimed to be', { principal: 'eve' }, ['eve']],
  ['a connection', { connection: 'shop-db' }, ['d1', 'eve']],
  ['an outcome', { outcome: 'deny' }, ['d2']],
  ['refusals of any kind', { outcome: 'refused' }, ['d2', 'eve']],
  ['a rule', { rule: 'shop/read' }, ['d1']],
  ['a policy', { rule: 'shop' }, ['d1']],
  ['no policy that only begins alike', { rule: 'sho' }, []],
  ['a text of the request, in any case', { text: 'select D1' }, ['d1']],
  ['a text of the reason', { text: 'payroll' }, ['d2']],
  ['a decision', { decision: 'd2' }, ['d2']],
  ['the beginning of a decision', { decision: 'd' }, ['d1', 'd2']],
  ['a time', { untilMs: 1_060_000 }, ['d1']],
  ['the time after', { sinceMs: 1_060_000 }, ['d2', 'eve', 'start']],
  ['two things at once', { principal: 'ann', outcome: 'deny' }, []],
];
for (const [name, filters, expected] of CASES) {
  test(`finds ${name}`, () => {
    const found = searchLog(dir, filters, 100);
    const names = found.map(
      ({ record }) =>
        record.decision?.decisionId ?? record.refusedLogin?.claimedSubject ?? record.operation?.operation,
    );
    assert.deepEqual(names, expected);
  });
}

test('shows a decision with what came of it', () => {
  const [entry] = searchLog(dir, { decision: 'd1' }, 100);
  assert.deepEqual([entry?.completion?.outcome, entry?.completion?.rows], ['ok', '5']);
});

test('keeps the newest when there are too many', () => {
  const names = searchLog(dir, {}, 2).map(
    ({ record }) => record.refusedLogin?.claimedSubject ?? record.operation?.operation,
  );
  assert.deepEqual(names, ['eve', 'start']);
});

test('follows the log over segments, each new record once', async () => {
  const stop = new AbortController();
  const seen: string[] = [];
  const following = (async () => {
    for await (const { bytes } of followLog(dir, 1, stop.signal)) {
      seen.push(parseRecord(bytes)?.operation?.subject ?? '?');
      if (seen.length === 9) stop.abort();
    }
  })();
  for (let number = 1; number <= 8; number++) {
    await log.operation({
      operation: 'x',
      actor: '',
      subject: `n${number}`,
      detail: 'y'.repeat(200),
      code: '',
    });
    if (number % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 250));
  }
  const limit = setTimeout(() => stop.abort(), 5_000);
  await following;
  clearTimeout(limit);
  assert.deepEqual(seen, ['?', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8']);
});
