import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromJson, toJson, type JsonValue } from '@bufbuild/protobuf';
import { pb, REQUEST_ERRORS, type RuleInfo } from '@sluice/schemas';
import type { DecisionEvent, Generation, Session } from '../pipeline/ports.js';
import { encodeCompletion, encodeDecision, encodeOperation, encodeRefusedLogin } from './encode-record.js';
import { chainedLine, EMPTY_CHAIN, readLineStart } from './format.js';

const NOW_MS = Date.UTC(2026, 10, 22, 12, 0, 0, 123);
const NASTY = 'a "quoted" \\ text\nwith\u2028 separators, \u0000 and \u{1F600}';

const rule = (id: string, more: Partial<RuleInfo> = {}): RuleInfo => ({
  id,
  effect: 'allow',
  shadow: false,
  message: '',
  owner: '',
  file: 'policies/shop.yaml',
  line: 12,
  column: 7,
  ...more,
});

const session = (more: Partial<Session> = {}): Session => ({
  id: 's-1',
  principal: {
    issuer: 'https://login.acme.example',
    subject: 'agent-7',
    groups: ['support-agents', NASTY],
    expiresMs: 0,
  },
  connection: 'shop-db',
  protocol: 'postgres',
  intent: NASTY,
  clientAddress: '127.0.0.1:5000',
  startedMs: 0,
  ...more,
});

const rules = [
  rule('p/read'),
  rule('p/guarded', { effect: 'require_approval' }),
  rule('p/hide', { effect: 'mask', shadow: true }),
  rule('p/connect', { implied: true, file: '', line: 0, column: 0 }),
];
const generation: Generation = {
  number: 3,
  digest: 'ab'.repeat(32),
  policy: { rules, facts: new Set(), factsFor: () => new Set(), decide: () => assert.fail('not asked') },
};

const full: DecisionEvent = {
  decisionId: 'd-1',
  session: session(),
  request: `SELECT '${NASTY}'`,
  parameters: ['text', NASTY, null, Uint8Array.from([0, 255, 1]), '', new Uint8Array()],
  decision: {
    outcome: 'deny',
    shadowOutcome: 'require_approval',
    reason: 'rule',
    unpermitted: -1,
    matches: [
      { rule: 0, target: 0, failed: true },
      { rule: 1, target: 0, failed: true },
      { rule: 1, target: 1, failed: false },
      { rule: 2, target: 0, failed: false },
      { rule: 3, target: 0, failed: false },
    ],
    masks: new Map([
      [0, 'redact'],
      [1, 'generalize'],
    ]),
  },
  columns: ['public.customers.ssn', 'public.customers."E mail"'],
  rowLimit: 1000,
  refusal: { error: REQUEST_ERRORS.denied_by_rule, message: NASTY, hint: '', decisionId: 'd-1' },
  approvalId: 'ap-1',
  generation,
  durable: true,
};

const bare: DecisionEvent = {
  ...full,
  session: session({ intent: '', principal: { issuer: '', subject: '', groups: [], expiresMs: 0 } }),
  request: '',
  parameters: [],
  decision: undefined,
  columns: [],
  rowLimit: undefined,
  refusal: undefined,
  approvalId: undefined,
  generation: undefined,
};

const RECORDS: readonly [string, string][] = [
  ['a decision with everything', encodeDecision(full, NOW_MS)],
  ['a decision with nothing', encodeDecision(bare, NOW_MS)],
  ['a row limit of zero', encodeDecision({ ...full, rowLimit: 0 }, NOW_MS)],
  [
    'a plain allow',
    encodeDecision(
      {
        ...full,
        refusal: undefined,
        decision: {
          outcome: 'allow',
          shadowOutcome: 'allow',
          reason: 'allowed',
          unpermitted: -1,
          matches: [],
          masks: new Map(),
        },
      },
      NOW_MS,
    ),
  ],
  [
    'a completion',
    encodeCompletion('d-1', { outcome: 'ok', rows: 3, bytes: 2 ** 40, backendCode: '' }, 1234.56, NOW_MS),
  ],
  [
    'an empty completion',
    encodeCompletion('', { outcome: 'error', rows: 0, bytes: 0, backendCode: '42P01' }, 0, NOW_MS - 123),
  ],
  [
    'a refused login',
    encodeRefusedLogin(
      {
        connection: 'shop-db',
        protocol: 'postgres',
        clientAddress: '::1',
        claimedSubject: NASTY,
        claimedIssuer: '',
        fault: { error: REQUEST_ERRORS.unauthenticated, message: 'expired' },
      },
      NOW_MS,
    ),
  ],
  [
    'an operation',
    encodeOperation({ operation: 'start', actor: 'enforcer', subject: '', detail: NASTY, code: '' }, NOW_MS),
  ],
];

for (const [name, body] of RECORDS) {
  test(`writes the JSON that protobuf would: ${name}`, () => {
    const line = chainedLine(7, EMPTY_CHAIN.hash, body);
    const json = JSON.parse(line) as JsonValue;
    const message = fromJson(pb.AuditRecordSchema, json, { ignoreUnknownFields: false });
    assert.equal(JSON.stringify(toJson(pb.AuditRecordSchema, message)), line);
    assert.deepEqual(readLineStart(Buffer.from(line)), { seq: 7, prev: EMPTY_CHAIN.hash });
    assert.ok(!line.includes('\n'));
  });
}

test('names a rule once, and not an allow whose condition failed', () => {
  const json = JSON.parse(`{${encodeDecision(full, NOW_MS)}`) as {
    decision: { decision: { rules: { id: string }[] } };
  };
  assert.deepEqual(
    json.decision.decision.rules.map(({ id }) => id),
    ['p/guarded', 'p/hide', 'p/connect'],
  );
});
