import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision, Effect, RuleInfo } from '@sluice/schemas';
import { Permit } from './permit.js';
import { rehearse, runPipeline } from './pipeline.js';
import type { ApprovalAnswer, DecisionEvent, Generation, Ports, Session } from './ports.js';
import type { ProtocolRequest } from './request.js';

const session: Session = {
  id: 's1',
  principal: { issuer: 'https://issuer.example', subject: 'agent-1', groups: ['support'], expiresMs: 1e15 },
  connection: 'shop-db',
  protocol: 'postgres',
  intent: 'ticket 7',
  clientAddress: '127.0.0.1:1',
  startedMs: 0,
};

const rule = (id: string, effect: Effect, more: Partial<RuleInfo> = {}): RuleInfo => ({
  id,
  effect,
  shadow: false,
  message: '',
  owner: '@acme/data',
  file: 'p.yaml',
  line: 1,
  column: 1,
  ...more,
});

const decisionOf = (outcome: Decision['outcome'], more: Partial<Decision> = {}): Decision => ({
  outcome,
  shadowOutcome: outcome,
  reason: outcome === 'allow' ? 'allowed' : 'rule',
  unpermitted: -1,
  matches: [{ rule: 0, target: 0, failed: false }],
  masks: new Map(),
  ...more,
});

interface Scene {
  readonly decision?: Decision;
  readonly rules?: readonly RuleInfo[];
  readonly facts?: readonly string[];
  /** Those that the request's own rules read; all of `facts` unless said otherwise. */
  readonly factsRead?: readonly string[];
  readonly answer?: ApprovalAnswer;
  readonly auditFails?: boolean;
  readonly generations?: readonly (string | undefined)[];
  readonly budget?: boolean;
}

/** A world in which each thing that happens is written down in order. */
function stage(scene: Scene = {}) {
  const log: string[] = [];
  const events: DecisionEvent[] = [];
  const digests = [...(scene.generations ?? ['bundle-1'])];
  let approvalDigest = '';
  const current = (): Generation | undefined => {
    const digest = digests.length > 1 ? digests.shift() : digests[0];
    if (digest === undefined) return undefined;
    return {
      number: 1,
      digest,
      policy: {
        rules: scene.rules ?? [rule('p/r', 'allow')],
        facts: new Set(scene.facts ?? []),
        factsFor: () => new Set(scene.factsRead ?? scene.facts ?? []),
        decide: (request) => {
          log.push(`decide ${request.facts['sql.estimated_rows'] ?? 'plain'}`);
          return scene.decision ?? decisionOf('allow');
        },
      },
    };
  };
  const ports: Ports = {
    policies: { current },
    audit: {
      decision: async (event) => {
        log.push('record');
        events.push(event);
        if (scene.auditFails) throw new Error('disk full');
      },
      completion: (_id, completion) => void log.push(`complete ${completion.rows}`),
      refusedLogin: async () => {},
      operation: async () => {},
    },
    approvals: {
      hold: async (request, onAsked) => {
        approvalDigest = request.digest;
        onAsked('ap-1');
        log.push('hold');
        return scene.answer ?? { kind: 'pending', id: 'ap-1', expiresMs: 0 };
      },
    },
    limiter: {
      take: (key) => {
        log.push(`take ${key.split('\n')[0]}`);
        return scene.budget === false ? { ok: false, retryAfterMs: 11_500 } : { ok: true };
      },
    },
    clock: { now: () => 0, monotonicUs: () => 0 },
  };
  return { log, events, ports, approvalDigest: () => approvalDigest };
}

const requestOf = (log: string[], more: Partial<ProtocolRequest<string>> = {}): ProtocolRequest<string> => ({
  text: 'SELECT 1',
  parameters: [],
  settings: '',
  classify: () => {
    log.push('classify');
    const accesses = [{ action: 'select', resource: 'public.orders' }];
    return { ok: true, value: { accesses, columns: [], facts: {}, writes: false } };
  },
  inquire: async () => {
    log.push('inquire');
    return { 'sql.estimated_rows': 7n };
  },
  prepare: () => {
    log.push('prepare');
    return { ok: true, value: 'SELECT 1' };
  },
  waiting: (id) => void log.push(`waiting ${id}`),
  signal: new AbortController().signal,
  ...more,
});

test('records before it permits, in the security order', async () => {
  const { log, ports } = stage();
  const verdict = await runPipeline(session, requestOf(log), ports);
  assert.equal(verdict.kind, 'permitted');
  assert.deepEqual(log, ['classify', 'decide plain', 'prepare', 'record']);
});

test('a permit gives one account of what happened', async () => {
  const { log, ports } = stage();
  const verdict = await runPipeline(session, requestOf(log), ports);
  assert.ok(verdict.kind === 'permitted' && verdict.permit instanceof Permit);
  for (const rows of [3, 4]) verdict.permit.complete({ outcome: 'ok', rows, bytes: 0, backendCode: '' });
  assert.deepEqual(
    log.filter((line) => line.startsWith('complete')),
    ['complete 3'],
  );
});

test('asks the backend for costly facts only when a rule reads them', async () => {
  const asked = stage({ facts: ['sql.estimated_rows'] });
  await runPipeline(session, requestOf(asked.log), asked.ports);
  assert.deepEqual(asked.log.slice(0, 3), ['classify', 'inquire', 'decide 7']);
});

test('asks the backend nothing when only rules about other things read a costly fact', async () => {
  const { log, ports } = stage({ facts: ['sql.estimated_rows'], factsRead: ['request.hour'] });
  await runPipeline(session, requestOf(log), ports);
  assert.deepEqual(log.slice(0, 2), ['classify', 'decide plain']);
});

test('a denial names the rule, its message, its owner and the decision, and is recorded', async () => {
  const rules = [rule('support/no-payroll', 'deny', { message: 'payroll is off limits' })];
  const { log, ports, events } = stage({ rules, decision: decisionOf('deny') });
  const verdict = await runPipeline(session, requestOf(log), ports);
  assert.ok(verdict.kind === 'refused');
  assert.equal(verdict.refusal.error.name, 'denied_by_rule');
  assert.equal(verdict.refusal.message, 'payroll is off limits (rule `support/no-payroll`)');
  assert.match(verdict.refusal.hint, /Owner: @acme\/data\. Decision: [0-9a-f-]{36} \(SLU4001\)/);
  assert.equal(events[0]?.refusal?.decisionId, verdict.refusal.decisionId);
  assert.ok(!log.includes('prepare'));
});

test('names the access that no rule permits', async () => {
  const decision = decisionOf('deny', { reason: 'no_rule', unpermitted: 0, matches: [] });
  const { log, ports } = stage({ decision });
  const verdict = await runPipeline(session, requestOf(log), ports);
  assert.ok(verdict.kind === 'refused');
  assert.equal(verdict.refusal.message, 'no rule permits `select` on `public.orders`');
});

for (const [what, scene, more, name] of [
  ['there is no bundle', { generations: [undefined] }, {}, 'no_bundle'],
  ['the audit log cannot be written', { auditFails: true }, {}, 'audit_unavailable'],
  ['a step throws', {}, { classify: () => JSON.parse('{') }, 'internal'],
  [
    'the backend question throws',
    { facts: ['sql.estimated_rows'] },
    { inquire: () => Promise.reject(new Error('gone')) },
    'internal',
  ],
  ['the evaluator failed', { decision: decisionOf('deny', { reason: 'evaluator_failed' }) }, {}, 'internal'],
] as const satisfies readonly (readonly [string, Scene, Partial<ProtocolRequest<string>>, string])[]) {
  test(`refuses when ${what}`, async () => {
    const { log, ports } = stage(scene);
    const verdict = await runPipeline(session, requestOf(log, more), ports);
    assert.ok(verdict.kind === 'refused');
    assert.equal(verdict.refusal.error.name, name);
  });
}

const asking = [
  rule('support/refunds', 'require_approval', { approval: { approvers: ['dba'], expiresSeconds: 900 } }),
];

test('holds what needs approval, answers with the id when nobody answers', async () => {
  const { log, ports } = stage({ rules: asking, decision: decisionOf('require_approval') });
  const verdict = await runPipeline(session, requestOf(log), ports);
  assert.ok(verdict.kind === 'refused');
  assert.equal(verdict.refusal.error.name, 'approval_pending');
  assert.equal(verdict.refusal.approvalId, 'ap-1');
  assert.deepEqual(log, ['classify', 'decide plain', 'prepare', 'waiting ap-1', 'hold', 'record']);
});

test('decides again what was approved, and fsyncs its record', async () => {
  const answer: ApprovalAnswer = { kind: 'approved', id: 'ap-1', by: 'dana' };
  const { log, ports, events } = stage({ rules: asking, decision: decisionOf('require_approval'), answer });
  const verdict = await runPipeline(session, requestOf(log), ports);
  assert.equal(verdict.kind, 'permitted');
  assert.deepEqual(log.slice(-4), ['classify', 'decide plain', 'prepare', 'record']);
  assert.equal(events[0]?.durable, true);
  assert.equal(events[0]?.approvalId, 'ap-1');
});

test('an approval does not outlive the bundle it was given under', async () => {
  const answer: ApprovalAnswer = { kind: 'approved', id: 'ap-1', by: 'dana' };
  const generations = ['bundle-1', 'bundle-2'];
  const { log, ports } = stage({
    rules: asking,
    decision: decisionOf('require_approval'),
    answer,
    generations,
  });
  const verdict = await runPipeline(session, requestOf(log), ports);
  assert.ok(verdict.kind === 'refused');
  assert.equal(verdict.refusal.error.name, 'changed_since_prepared');
});

test('a denied approval gives the reason', async () => {
  const answer: ApprovalAnswer = { kind: 'denied', id: 'ap-1', by: 'dana', reason: 'too many rows' };
  const { log, ports } = stage({ rules: asking, decision: decisionOf('require_approval'), answer });
  const verdict = await runPipeline(session, requestOf(log), ports);
  assert.ok(verdict.kind === 'refused');
  assert.equal(verdict.refusal.message, 'dana denied approval ap-1: too many rows');
});

test('the digest of an approval changes with each thing it is bound to', async () => {
  const digestOf = async (
    more: Partial<ProtocolRequest<string>>,
    who: Partial<Session> = {},
    bundle = 'b1',
  ) => {
    const { log, ports, approvalDigest } = stage({
      rules: asking,
      decision: decisionOf('require_approval'),
      generations: [bundle],
    });
    await runPipeline({ ...session, ...who }, requestOf(log, more), ports);
    return approvalDigest();
  };
  const digests = await Promise.all([
    digestOf({}),
    digestOf({ text: 'SELECT 2' }),
    digestOf({ parameters: ['1'] }),
    digestOf({ parameters: [null] }),
    digestOf({ parameters: [Buffer.from('1')] }),
    digestOf({ settings: 'role=x' }),
    digestOf({}, { connection: 'other' }),
    digestOf({}, { principal: { ...session.principal, subject: 'agent-2' } }),
    digestOf({}, { principal: { ...session.principal, issuer: 'https://other.example' } }),
    digestOf({}, {}, 'b2'),
  ]);
  assert.equal(new Set(digests).size, digests.length);
  assert.equal(await digestOf({}), digests[0]);
});

test('a used-up rate says when to come back', async () => {
  const rules = [rule('support/read', 'allow', { rate: { count: 60, windowSeconds: 60 } })];
  const { log, ports } = stage({ rules, budget: false });
  const verdict = await runPipeline(session, requestOf(log), ports);
  assert.ok(verdict.kind === 'refused');
  assert.equal(verdict.refusal.message, 'the rate limit of rule `support/read` is used up, retry after 12 s');
  assert.equal(verdict.refusal.retryAfterMs, 11_500);
});

test('a rehearsal that permits is recorded when asked to, takes no budget and asks nobody', async () => {
  const gate = rule('p/r', 'require_approval', { rate: { count: 1, windowSeconds: 60 } });
  const { log, events, ports } = stage({ rules: [gate], decision: decisionOf('require_approval') });
  const rehearsal = await rehearse(session, requestOf(log), ports);
  assert.ok(rehearsal.kind === 'rehearsed');
  assert.deepEqual(events, []);
  assert.deepEqual(log, ['classify', 'decide plain', 'prepare']);
  assert.equal(await rehearsal.record(), undefined);
  assert.deepEqual(log.slice(3), ['record', 'complete 0']);
});

test('a rehearsal that cannot be recorded is refused', async () => {
  const { log, ports } = stage({ auditFails: true });
  const rehearsal = await rehearse(session, requestOf(log), ports);
  assert.ok(rehearsal.kind === 'rehearsed');
  assert.equal((await rehearsal.record())?.error.name, 'audit_unavailable');
  assert.ok(!log.some((line) => line.startsWith('complete')));
});

test('a rehearsal that is refused is recorded', async () => {
  const { log, events, ports } = stage({ decision: decisionOf('deny') });
  const rehearsal = await rehearse(session, requestOf(log), ports);
  assert.equal(rehearsal.kind, 'refused');
  assert.equal(events.length, 1);
});
