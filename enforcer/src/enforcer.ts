/**
 * An enforcer, put together: who is asking (identity), what the policy says (bundle), what is held (approvals) and
 * limited, what is written down (audit), what is proxied (postgres), and what people see of it (admin). Every request
 * passes `pipeline/pipeline.ts` and no other way.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { loadPolicy } from '@sluice/engine';
import { OPERATION_ERRORS } from '@sluice/schemas';
import { createMetrics, reasonsNotReady, startAdmin, type EnforcerStatus } from './admin/index.js';
import { ApprovalStore, openApprovalDesk, type ApprovalChannel } from './approvals/index.js';
import { openAuditLog, type OpenAuditLog } from './audit/index.js';
import { createPolicySource } from './bundle/index.js';
import { listenText, readTrust, type EnforcerConfig } from './config/index.js';
import { createAuthenticator, type AuthenticatorOptions } from './identity/index.js';
import { createLimiter } from './limits/index.js';
import { openListeners, type Listening } from './listeners.js';
import type { Clock, Ports } from './pipeline/ports.js';
import { ENFORCER_VERSION } from './version.js';

/** The part of a pino logger that is used. Nothing given to it holds a credential or a token. */
export interface EnforcerLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What tests and embedders put in place of the defaults. */
export interface Overrides {
  readonly clock?: Clock;
  readonly log?: EnforcerLog;
  readonly channel?: ApprovalChannel;
  readonly identity?: Pick<AuthenticatorOptions, 'fetch' | 'keysCoolDownMs'>;
  /** How long statements that run may go on once the enforcer is told to stop. */
  readonly drainMs?: number;
}

export interface RunningEnforcer {
  readonly adminUrl: string;
  readonly listeners: readonly Listening[];
  status(): EnforcerStatus;
  /** Lets what runs finish, tells who waits, writes everything down. */
  close(): Promise<void>;
}

const DRAIN_MS = 10_000;

const systemClock: Clock = { now: () => Date.now(), monotonicUs: () => performance.now() * 1000 };

export async function startEnforcer(
  config: EnforcerConfig,
  overrides: Overrides = {},
): Promise<RunningEnforcer> {
  const closers: (() => void | Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).toReversed()) await closer();
  };
  try {
    return { ...(await assemble(config, overrides, (closer) => void closers.push(closer))), close };
  } catch (cause) {
    // Fail closed: what was opened is closed again, nothing serves half.
    await close();
    throw cause;
  }
}

type OnClose = (closer: () => void | Promise<void>) => void;

async function assemble(
  config: EnforcerConfig,
  overrides: Overrides,
  onClose: OnClose,
): Promise<Omit<RunningEnforcer, 'close'>> {
  const clock = overrides.clock ?? systemClock;
  const log = overrides.log ?? pino({ name: 'sluice' }, pino.destination({ dest: 2, sync: true }));
  const startedMs = clock.now();

  const trust = await readTrust(config.bundle.trust);
  const auditLog = await openAudit(config, clock, log, onClose);
  const metrics = createMetrics();
  const audit = metrics.countAudit(auditLog);
  const authenticator = createAuthenticator({ ...overrides.identity, issuers: config.issuers, clock });

  const policies = createPolicySource({
    ...config.bundle,
    trust,
    stateDir: await bundleStateDir(config, onClose),
    clock,
    log,
    onEvent: (event) => audit.operation(event),
    loadPolicy,
  });
  onClose(() => policies.stop());
  await policies.start();

  const store = new ApprovalStore(config.stateFile);
  onClose(() => store.close());
  const channel = overrides.channel ?? logChannel(log);
  const desk = openApprovalDesk({ store, channel, audit, clock, ...config.approvals });

  const ports: Ports = {
    policies: metrics.timeDecisions(policies),
    audit,
    approvals: desk,
    limiter: createLimiter(clock),
    clock,
  };
  const listeners = await openListeners(config.connections, { ports, authenticator, log });
  onClose(() => listeners.close(overrides.drainMs ?? DRAIN_MS));
  // Before the listeners drain: who is held for a person is told to come back, not cut off.
  onClose(() => desk.close());

  const status = (): EnforcerStatus => {
    const seen = { bundle: policies.status(), audit: auditLog.state(), connections: listeners.status() };
    const reasons = reasonsNotReady(seen);
    return {
      version: ENFORCER_VERSION,
      startedMs,
      nowMs: clock.now(),
      ready: reasons.length === 0,
      reasons,
      ...seen,
      sessions: listeners.sessions.list().length,
      approvals: { waiting: desk.pendingCount() },
    };
  };
  metrics.observe(status);
  const admin = await startAdmin({
    ...config.admin,
    authenticator,
    audit,
    desk,
    metrics,
    sessions: listeners.sessions,
    status,
    onError: (error) => log.error({ reason: String(error) }, 'the admin interface failed'),
  });
  onClose(() => admin.close());
  return { adminUrl: admin.url, listeners: listeners.addresses, status };
}

async function openAudit(
  config: EnforcerConfig,
  clock: Clock,
  log: EnforcerLog,
  onClose: OnClose,
): Promise<OpenAuditLog> {
  const audit = await openAuditLog({ ...config.audit, clock });
  const note = (operation: string, detail: string, code = ''): Promise<void> =>
    audit.operation({ operation, actor: 'enforcer', subject: config.file, detail, code });
  onClose(async () => {
    // The last record; a log that cannot take it is closed all the same, and its head shows where it ended.
    await note('stop', '').catch((cause: unknown) =>
      log.error({ reason: String(cause) }, 'the stop could not be audited'),
    );
    await audit.close();
  });
  if (audit.recovered.length > 0) {
    log.warn({ files: audit.recovered }, 'a torn end of the audit log was set aside');
    const { code } = OPERATION_ERRORS.audit_recovered;
    await note('audit.recovered', `set aside: ${audit.recovered.join(', ')}`, code);
  }
  await note('start', `version ${ENFORCER_VERSION}, admin on ${listenText(config.admin.listen)}`);
  return audit;
}

/** Beside the state file, apart from any cache of bundles: the highest version seen must not be lost with one. */
async function bundleStateDir(config: EnforcerConfig, onClose: OnClose): Promise<string> {
  if (config.stateFile !== ':memory:') return `${config.stateFile}-bundle`;
  const dir = await mkdtemp(path.join(os.tmpdir(), 'sluice-bundle-'));
  onClose(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Until a channel of people is configured: whoever reads the log sees what waits. */
const logChannel = (log: EnforcerLog): ApprovalChannel => ({
  asked: ({ id, subject, connection, rules }) =>
    log.info(
      { id, subject, connection, rules: rules.map(({ rule }) => rule) },
      'a request waits for approval',
    ),
  settled: ({ id, state, answeredBy }) => log.info({ id, state, by: answeredBy }, 'an approval was answered'),
});
