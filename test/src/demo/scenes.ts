/** The scenes of the demo, in order. Each shows one promise of Sluice, and fails when it is not kept. */
import { setTimeout as sleep } from 'node:timers/promises';
import { leaksIn } from '../support/canaries.js';
import type { Agent, Answer } from './agent.js';
import { sluice, type Environment } from './commands.js';
import { DemoFailure, type Narrator } from './narrator.js';
import type { Stage } from './stage.js';

export interface Play {
  readonly agent: Agent;
  readonly stage: Stage;
  readonly narrator: Narrator;
  /** Who answers approvals: the environment that `sluice` finds the enforcer and the DBA's token in. */
  readonly dba: Environment;
}

const CUSTOMERS = 'SELECT id, name, email, ssn, birthday FROM customers ORDER BY id LIMIT 3';
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

async function castError({ agent, narrator }: Play): Promise<void> {
  narrator.scene(
    'A masked column, asked for through an error message',
    'All numbers joined into one text, cast to integer: a plain database puts every value into the error.',
  );
  const answer = await agent.runs("SELECT (SELECT string_agg(ssn, ',') FROM customers)::int");
  narrator.expect(answer.error !== undefined, 'the statement failed');
  narrator.expect(
    leaksIn(answer.text).length === 0,
    'no number is in the answer, since the database never saw one',
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
  const held = agent.runs("UPDATE orders SET status = 'refunded' WHERE id = 7");
  const [id, answer] = await Promise.all([approve(stage, narrator, dba), held]);
  narrator.expect(
    answer.command === 'UPDATE' && answer.count === 1,
    `${id} was approved, and one order changed`,
  );
}

const ASK_TIMEOUT_MS = 20_000;

/** The DBA: looks at what waits, and approves it. */
async function approve(stage: Stage, narrator: Narrator, dba: Environment): Promise<string> {
  const deadline = Date.now() + ASK_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const listed = await sluice(stage.directory, ['approvals'], dba);
    const id = /\b(ap-[a-z0-9]+)/.exec(listed.stdout)?.[1];
    if (id !== undefined) {
      narrator.enters('dba', 'sluice approvals');
      narrator.output(listed.stdout);
      narrator.enters('dba', `sluice approve ${id}`);
      const approved = await stage.runs(['approve', id], dba);
      narrator.output(approved.stdout);
      return id;
    }
    await sleep(100);
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
  narrator.enters('author', 'sluice build policies --key sluice-key.json');
  const before = await agent.asks(CUSTOMERS);
  await stage.publishPolicies();
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
    await sleep(100);
  }
  throw new DemoFailure('the edited policy did not take effect');
}

async function auditVerified({ stage, narrator }: Play): Promise<void> {
  narrator.scene('The audit log', 'Every statement and its decision, chained by hash.');
  narrator.enters('auditor', 'sluice audit tail');
  narrator.output((await stage.runs(['audit', 'tail', '--config', 'sluice.yaml'])).stdout);
  narrator.enters('auditor', 'sluice audit verify');
  const verified = await stage.runs(['audit', 'verify', '--config', 'sluice.yaml']);
  narrator.output(verified.stdout);
  narrator.expect(true, 'nothing is missing, changed or out of order');
}
