/** What Prometheus scrapes. Labels have few values: connections, outcomes and codes, never subjects or statements. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { AuditLog, Generation, PolicySource } from '../pipeline/ports.js';
import type { EnforcerStatus } from './status.js';

const DECISION_BUCKETS_SECONDS = [1e-7, 2.5e-7, 5e-7, 1e-6, 2.5e-6, 5e-6, 1e-5, 1e-4, 1e-3, 1e-2];

export interface Metrics {
  readonly registry: Registry;
  /** The same log, counting what passes through it: every decision and refusal does. */
  countAudit(audit: AuditLog): AuditLog;
  /** The same source, timing its decisions. */
  timeDecisions(source: PolicySource): PolicySource;
  /** Gauges are read from here when they are scraped. */
  observe(status: () => EnforcerStatus): void;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const decisions = new Counter({
    name: 'sluice_decisions_total',
    help: 'Requests by outcome: allow, deny, require_approval, or undecided when they could not be judged',
    labelNames: ['connection', 'outcome'],
    registers,
  });
  const refusals = new Counter({
    name: 'sluice_refusals_total',
    help: 'Requests that were not forwarded, by error code',
    labelNames: ['connection', 'code'],
    registers,
  });
  const logins = new Counter({
    name: 'sluice_refused_logins_total',
    help: 'Logins that were refused, by error code',
    labelNames: ['code'],
    registers,
  });
  const seconds = new Histogram({
    name: 'sluice_decision_seconds',
    help: 'Time the policy took to decide',
    buckets: DECISION_BUCKETS_SECONDS,
    registers,
  });
  return {
    registry,
    countAudit: (audit) => ({
      decision(event) {
        const { connection } = event.session;
        decisions.inc({ connection, outcome: event.decision?.outcome ?? 'undecided' });
        if (event.refusal !== undefined) refusals.inc({ connection, code: event.refusal.error.code });
        return audit.decision(event);
      },
      completion: (decisionId, completion, durationUs) =>
        audit.completion(decisionId, completion, durationUs),
      refusedLogin(event) {
        logins.inc({ code: event.fault.error.code });
        return audit.refusedLogin(event);
      },
      operation: (event) => audit.operation(event),
    }),
    timeDecisions: (source) => timed(source, (elapsedMs) => seconds.observe(elapsedMs / 1000)),
    observe: (status) => registerGauges(registry, status),
  };
}

function timed(source: PolicySource, observe: (elapsedMs: number) => void): PolicySource {
  const wrapped = new WeakMap<Generation, Generation>();
  return {
    current() {
      const generation = source.current();
      if (generation === undefined) return undefined;
      let timedGeneration = wrapped.get(generation);
      if (timedGeneration === undefined) {
        const { policy } = generation;
        timedGeneration = {
          number: generation.number,
          digest: generation.digest,
          policy: {
            rules: policy.rules,
            facts: policy.facts,
            factsFor: (...shape) => policy.factsFor(...shape),
            decide(request) {
              const started = performance.now();
              const decision = policy.decide(request);
              observe(performance.now() - started);
              return decision;
            },
          },
        };
        wrapped.set(generation, timedGeneration);
      }
      return timedGeneration;
    },
  };
}

function registerGauges(registry: Registry, status: () => EnforcerStatus): void {
  const gauge = (name: string, help: string, read: (now: EnforcerStatus) => number): void => {
    const metric: Gauge = new Gauge({
      name,
      help,
      registers: [registry],
      collect: (): void => metric.set(read(status())),
    });
  };
  gauge('sluice_ready', '1 when requests can be served', ({ ready }) => Number(ready));
  gauge(
    'sluice_bundle_generation',
    'Number of the active bundle since the start; 0 without one',
    ({ bundle }) => bundle.generation,
  );
  gauge('sluice_bundle_version', 'Version of the active bundle', ({ bundle }) => bundle.version);
  gauge('sluice_bundle_stale', '1 when the active bundle is not known to be the newest', ({ bundle }) =>
    Number(bundle.state !== 'LOADED'),
  );
  gauge(
    'sluice_bundle_age_seconds',
    'Time since the source last confirmed the active bundle',
    ({ bundle, nowMs }) => (bundle.confirmedMs > 0 ? Math.max(0, (nowMs - bundle.confirmedMs) / 1000) : 0),
  );
  gauge('sluice_audit_writable', '1 while the audit log can be written', ({ audit }) =>
    Number(audit.writable),
  );
  gauge('sluice_audit_queue', 'Audit records that wait to be written', ({ audit }) => audit.queued);
  gauge('sluice_audit_records', 'Number of the last audit record', ({ audit }) => audit.records);
  gauge('sluice_approvals_waiting', 'Requests that wait for a person', ({ approvals }) => approvals.waiting);
  const sessions: Gauge<'connection'> = new Gauge({
    name: 'sluice_sessions',
    help: 'Open sessions',
    labelNames: ['connection'],
    registers: [registry],
    collect: (): void => {
      for (const connection of status().connections)
        sessions.set({ connection: connection.name }, connection.sessions);
    },
  });
}
