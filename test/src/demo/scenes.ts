/** The scenes of the demo, in order. Each shows one promise of Sluice, and fails when it is not kept. */
import { setTimeout as sleep } from 'node:timers/promises';
import { leaksIn } from '../support/canaries.js';
import type { PostgresServer } from '../support/postgres-server.js';
import type { Agent, Answer } from './agent.js';
import { runSluice } from '../support/run-sluice.js';
import { DemoFailure, type Narrator } from './narrator.js';
import type { Environment, Stage } from './stage.js';

export interface Play {
  readonly agent: Agent;
  readonly stage: Stage;
  readonly database: PostgresServer;
  readonly narrator: Narrator;
  /** Who answers approvals: the environment that `sluice` finds the enforcer and the DBA's token in. */
  readonly dba: Environment;
}

const CUSTOMERS = 'SELECT id, name, email, ssn, phone FROM customers ORDER BY id LIMIT 3';
const POLICY_DENIED = '42501';

export const SCENES: readonly ((play: Play) => Promise<void>)[] = [
  maskedRead,
  deniedDdl,
  castError,
  deniedPayroll,
  heldUpdate,
  policyEdit,
  auditVerified,
];

async function maskedRead({ agent, narrator }: Play): Promise<void> {
  narrator.scene(
    'A masked read',
    'Support agents may read customers; personal data is masked column by column.',
  );
  const answer = await agent.runs(CUSTOMERS);
  narrator.expect(answer.rows.length === 3 && leaksIn(answer.text).length === 0, 'rows came back, masked');
}

async function deniedDdl({ agent, narrator }: Play): Promise<void> {
  narrator.scene('A denied DDL statement', 'No rule permits it, so it never reaches the database.');
  const answer = await agent.runs('DROP TABLE customers');
  narrator.expect(answer.error?.code === POLICY_DENIED, 'denied; the connection stays usable:');
  const after = await agent.runs('SELECT count(*) AS customers FROM customers');
  narrator.expect(after.rows.length === 1, 'the table is still there');
}

async function castError({ agent, database, narrator }: Play): Promise<void> {
  narrator.scene(
    'A masked column, asked for through an error message',
    'All numbers are joined into one text and cast to integer. Without Sluice the error tells them all:',
  );
  const statement = "SELECT (SELECT string_agg(ssn, ',') FROM customers)::int";
  const direct = await database.connect();
  const plain = await direct.query(statement).catch((cause: unknown) => cause);
  await direct.end();
  const leak = plain instanceof Error ? plain.message : '';
  narrator.enters('anybody, straight at the database', statement);
  narrator.refusal('22P02', `${leak.slice(0, 84)}...`, undefined);
  const answer = await agent.runs(statement);
  narrator.expect(leaksIn(leak).includes('ssn'), 'straight at the database the error held the numbers');
  narrator.expect(
    answer.error !== undefined && leaksIn(answer.text).length === 0,
    'through Sluice it holds none',
  );
}

async function deniedPayroll({ agent, narrator }: Play): Promise<void> {
  narrator.scene('A rule that says no', "The refusal carries the rule's own message and says whom to ask.");
  const answer = await agent.runs('SELECT employee, amount_cents FROM payroll.salaries');
  const { code, message, hint } = answer.error ?? {};
  narrator.expect(
    code === POLICY_DENIED && message?.includes('Payroll is off limits') === true,
    'denied by its rule',
  );
  narrator.expect(hint?.includes('@acme/data-platform') === true, 'the hint names the owner of the policy');
}

async function heldUpdate({ agent, stage, narrator, dba }: Play): Promise<void> {
  narrator.scene(
    'A change that waits for a person',
    'The statement is held until a DBA approves exactly this one.',
  );
  const statement = "UPDATE orders SET status = 'refunded' WHERE id = 7";
  narrator.enters('agent', statement);
  const [answer, id] = await Promise.all([agent.asks(statement), approve(stage, narrator, dba)]);
  agent.shows(answer);
  narrator.expect(
    answer.command === 'UPDATE' && answer.count === 1,
    `${id} was approved, and one order changed`,
  );
}

const ASK_TIMEOUT_MS = 20_000;
/** Rare enough to stay within the rate that the policy grants. */
const POLL_MS = 400;

/** The DBA: looks at what waits, and approves it. */
async function approve(stage: Stage, narrator: Narrator, dba: Environment): Promise<string> {
  const deadline = Date.now() + ASK_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const listed = await runSluice(stage.directory, ['approvals'], dba);
    const id = /\b(ap-[a-z0-9]+)/.exec(listed.stdout)?.[1];
    if (id !== undefined) {
      narrator.enters('dba', 'sluice approvals');
      narrator.output(listed.stdout);
      narrator.enters('dba', `sluice approve ${id}`);
      const approved = await stage.runs(['approve', id], dba);
      narrator.output(approved.stdout);
      return id;
    }
    await sleep(POLL_MS);
  }
  throw new DemoFailure('nothing asked for approval');
}

const TAKES_EFFECT_TIMEOUT_MS = 15_000;

async function policyEdit({ agent, stage, narrator }: Play): Promise<void> {
  narrator.scene(
    'A policy edit, on the open connection',
    'Names and addresses were masked in part; now a reviewer wants them gone.',
  );
  narrator.output(
    '  - with: partial\n  + with: redact          (policies/support-agents.yaml, and its test)',
  );
  await stage.editFile('policies/support-agents.yaml', (text) =>
    text.replace('with: partial', 'with: redact'),
  );
  await stage.editFile('policies/tests/support-agents.yaml', (text) =>
    text.replaceAll(': partial', ': redact'),
  );
  const before = await agent.asks(CUSTOMERS);
  narrator.enters('author', 'sluice build policies --key sluice-key.json');
  narrator.output(await stage.publishPolicies());
  await untilChanged(agent, before);
  const answer = await agent.runs(CUSTOMERS);
  narrator.expect(
    answer.rows.every(({ name }) => name === '[redacted]'),
    'same connection, next statement: redacted',
  );
}

/** Asks again until the new bundle decides; the connection stays the same. */
async function untilChanged(agent: Agent, before: Answer): Promise<void> {
  const deadline = Date.now() + TAKES_EFFECT_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const now = await agent.asks(CUSTOMERS);
    if (now.error)
      throw new DemoFailure(`a statement failed while bundles were swapped: ${now.error.message}`);
    if (now.text !== before.text) return;
    await sleep(POLL_MS);
  }
  throw new DemoFailure('the edited policy did not take effect');
}

async function auditVerified({ stage, narrator }: Play): Promise<void> {
  narrator.scene('The audit log', 'Each record holds the hash of the one before; the last one is signed.');
  const log = ['--dir', 'audit'];
  narrator.enters('auditor', 'sluice audit search --outcome deny');
  narrator.output((await stage.runs(['audit', 'search', '--outcome', 'deny', ...log])).stdout);
  narrator.enters('auditor', 'sluice audit verify');
  narrator.output((await stage.runs(['audit', 'verify', ...log])).stdout);
  narrator.expect(true, 'nothing is missing, changed or out of order');
  await stage.forgeAuditLog('DROP TABLE customers', 'DROP TABLE customer5');
  narrator.enters(
    'auditor',
    'sluice audit verify --dir forged          (a copy in which one letter was changed)',
  );
  const forged = await runSluice(stage.directory, ['audit', 'verify', '--dir', 'forged']);
  narrator.output(forged.stdout + forged.stderr);
  narrator.expect(forged.code === 1, 'the change is found and named');
}
