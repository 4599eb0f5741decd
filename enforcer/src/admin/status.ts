/** What operators see of an enforcer; the answer of `/status`. */
import type { AuditState } from '../audit/index.js';
import type { BundleStatus } from '../bundle/index.js';

export interface EnforcerStatus {
  readonly version: string;
  readonly startedMs: number;
  readonly nowMs: number;
  /** False while nothing can be served: no policy, no audit log, no catalog. */
  readonly ready: boolean;
  /** Why it is not ready. */
  readonly reasons: readonly string[];
  readonly bundle: BundleStatus;
  readonly audit: AuditState;
  readonly connections: readonly ConnectionStatus[];
  readonly sessions: number;
  readonly approvals: { readonly waiting: number };
}

export interface ConnectionStatus {
  readonly name: string;
  readonly protocol: string;
  readonly listen: string;
  /** Whether the catalog of the backend is known. */
  readonly catalog: boolean;
  readonly sessions: number;
}

export function reasonsNotReady(
  status: Pick<EnforcerStatus, 'bundle' | 'audit' | 'connections'>,
): readonly string[] {
  const reasons: string[] = [];
  if (status.bundle.state === 'ERROR') reasons.push(`no policy decides: ${status.bundle.message}`);
  if (!status.audit.writable) reasons.push(`the audit log cannot be written: ${status.audit.problem}`);
  for (const { name, catalog } of status.connections) {
    if (!catalog) reasons.push(`the catalog of \`${name}\` is not known`);
  }
  return reasons;
}
