/** The audit log: no request passes before its record is in here. Start reading in `format.ts`. */
export { openAuditLog, type AuditLogOptions, type AuditState, type OpenAuditLog } from './audit-log.js';
export { followLog } from './follow-log.js';
export { parseRecord, type CompletionJson, type DecisionJson, type RecordJson } from './record-json.js';
export { searchLog, SEARCH_OUTCOMES, type FoundRecord, type SearchFilters } from './search-log.js';
export { verifyLog, type Damage, type Finding, type Verification } from './verify-log.js';
