/** The enforcer's parts, for programs that put them together themselves. */
export {
  createPolicySource,
  type BundlePolicySource,
  type BundleSource,
  type BundleStatus,
  type PolicySourceOptions,
} from './bundle/index.js';
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
