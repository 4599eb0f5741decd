/**
 * The PostgreSQL data path. Life of a connection: `listen.ts` accepts, `login/` lets in (client by token, backend
 * by the enforcer's credential), `session/` judges and forwards, `results/` looks at what comes back, `catalog/`
 * knows what names mean, `codec/` knows the wire.
 */
export {
  listenPostgres,
  type ListenPostgresOptions,
  type LiveSession,
  type PostgresListener,
} from './listen.js';
export type { PostgresConnection, PostgresUpstream, UpstreamTls } from './connection.js';
export type { PostgresLimits } from './limits.js';
export type { CatalogOptions } from './catalog/catalog-source.js';
export type { ClassifySql, JudgedSql, Rewritten } from './session/classify-sql.js';
export type { PostgresLog } from './log.js';
