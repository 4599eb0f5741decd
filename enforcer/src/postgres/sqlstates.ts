/** The SQLSTATE by which each class of refusal appears to PostgreSQL clients. */
import type { ErrorDefinition, RefusalClass } from '@sluice/schemas';
import { REQUEST_ERRORS } from '@sluice/schemas';

const BY_CLASS: Readonly<Record<RefusalClass, string>> = {
  policy_denied: '42501', // insufficient_privilege
  approval_required: '42501',
  unsupported: '0A000', // feature_not_supported
  protocol_violation: '08P01',
  too_large: '54000', // program_limit_exceeded
  unauthenticated: '28P01', // invalid_password
  limited: '53400', // configuration_limit_exceeded
  unavailable: '58000', // system_error
};

const ADMIN_SHUTDOWN = '57P01';
export const UNKNOWN_STATEMENT = '26000';
export const UNKNOWN_PORTAL = '34000';
export const QUERY_CANCELED = '57014';
export const UNKNOWN_DATABASE = '3D000';

export function sqlstateOf(error: ErrorDefinition): string {
  if (error.code === REQUEST_ERRORS.shutting_down.code) return ADMIN_SHUTDOWN;
  // A row without a class is not meant for requests: shown as the most general failure.
  return BY_CLASS[error.refusal ?? 'unavailable'];
}
