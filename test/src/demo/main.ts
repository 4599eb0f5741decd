/** The demo: sets the stage, plays the scenes, and either ends or leaves everything up to be tried by hand. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent } from './agent.js';
import { DemoFailure, Narrator } from './narrator.js';
import { SCENES } from './scenes.js';
import { Stage } from './stage.js';

const AGENT = { subject: 'support-bot@acme.example', groups: ['support-agents'] };
const DBA = { subject: 'grace@acme.example', groups: ['dba'] };

/** Answers with the exit code: 0 when every scene ended as it must. */
export async function runDemo({ once }: { readonly once: boolean }): Promise<number> {
  const narrator = new Narrator();
  const stage = await Stage.open(narrator);
  const interrupted = untilInterrupted();
  try {
    return await Promise.race([
      play(stage, narrator, once, interrupted),
      interrupted.then(() => (once ? 1 : 0)),
    ]);
  } catch (cause) {
    // Any scene that did not end as it must, and anything unforeseen: the demo has failed.
    narrator.failed(cause instanceof DemoFailure ? cause.message : `the demo failed: ${String(cause)}`);
    return 1;
  } finally {
    await stage.strike();
  }
}

async function play(
  stage: Stage,
  narrator: Narrator,
  once: boolean,
  interrupted: Promise<void>,
): Promise<number> {
  narrator.title('Sluice: an agent works on a real PostgreSQL, under policy');
  const database = await narrator.prepare('PostgreSQL 16 with a shop in it', () => stage.startDatabase());
  const issuer = await narrator.prepare('an OpenID Connect issuer', () => stage.startIssuer());
  await narrator.prepare('policies tested, compiled and signed', async () => {
    await stage.preparePolicies();
    await stage.publishPolicies();
  });
  const enforcer = await narrator.prepare('the enforcer between agent and database', () =>
    stage.startEnforcer(database, issuer),
  );
  const token = await issuer.token(AGENT);
  const dba = { SLUICE_ADMIN: enforcer.adminUrl, SLUICE_TOKEN: await issuer.token(DBA) };
  const { host, port } = enforcer;
  const trust = stage.certificate.cert;
  const login = {
    host,
    port,
    database: 'shop-db',
    user: 'agent',
    token,
    trust,
    intent: 'ticket 4711: refund',
  };
  const agent = await Agent.connect(login, narrator);
  for (const scene of SCENES) await scene({ agent, stage, database, narrator, dba });
  await agent.end();
  narrator.title('Every scene ended as it must.');
  if (once) return 0;
  await writeFile(join(stage.directory, 'ca.crt'), trust);
  const options = `host=localhost hostaddr=${host} port=${port} dbname=shop-db user=agent`;
  const tls = `sslmode=verify-full sslrootcert=${stage.directory}/ca.crt`;
  narrator.line('Everything stays up until Ctrl-C. To be the agent yourself:\n');
  narrator.line(`PGPASSWORD=${token} psql "${options} ${tls}"\n`);
  await interrupted;
  return 0;
}

function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
