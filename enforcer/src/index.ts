/** The enforcer's parts, for programs that put them together themselves. */
export {
  createPolicySource,
  type BundlePolicySource,
  type BundleSource,
  type BundleStatus,
  type PolicySourceOptions,
} from './bundle/index.js';
export { openAuditLog, searchLog, verifyLog, type OpenAuditLog } from './audit/index.js';
export { loadConfig, type EnforcerConfig } from './config/index.js';
export { startEnforcer, type EnforcerLog, type Overrides, type RunningEnforcer } from './enforcer.js';
export { createAuthenticator } from './identity/index.js';
export type * from './pipeline/index.js';
export {
  listenPostgres,
  type ClassifySql,
  type ListenPostgresOptions,
  type LiveSession,
  type PostgresConnection,
  type PostgresLimits,
  type PostgresListener,
} from './postgres/index.js';
