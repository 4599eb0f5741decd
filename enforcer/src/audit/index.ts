/** The audit log: no request passes before its record is in here. Start reading in `format.ts`. */
export { openAuditLog, type AuditLogOptions, type AuditState, type OpenAuditLog } from './audit-log.js';
