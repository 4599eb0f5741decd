/** What the client reads when a result is ended that was permitted to begin. */
import type { ErrorDefinition } from '@sluice/schemas';
import type { Permit } from '../../pipeline/index.js';
import { report } from '../codec/report.js';
import { sqlstateOf } from '../sqlstates.js';

export function cutReport(permit: Permit, error: ErrorDefinition, message: string): Buffer {
  const hint = `${error.help} Decision: ${permit.decisionId} (${error.code}).`;
  return report({ severity: 'ERROR', sqlstate: sqlstateOf(error), message, hint });
}
