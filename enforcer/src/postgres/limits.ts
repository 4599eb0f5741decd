/** Sizes and times of the PostgreSQL data path. */
export interface PostgresLimits {
  /** Largest Query or Parse message. */
  readonly queryBytes: number;
  /** Largest Bind message: parameters are audited whole. */
  readonly bindBytes: number;
  /** Largest message of a backend; a single field of PostgreSQL may have 1 GiB. */
  readonly backendMessageBytes: number;
  /** Most prepared statements, and most portals, of one session. */
  readonly statements: number;
  /** Most client connections at a time. */
  readonly sessions: number;
  /** From the first byte to ReadyForQuery. */
  readonly loginMs: number;
  readonly backendConnectMs: number;
  /** Bytes of one client that wait to be judged before its socket is no longer read. */
  readonly inboxBytes: number;
}

export const DEFAULT_LIMITS: PostgresLimits = {
  queryBytes: 1024 * 1024,
  bindBytes: 16 * 1024 * 1024,
  backendMessageBytes: 256 * 1024 * 1024,
  statements: 2000,
  sessions: 1000,
  loginMs: 30_000,
  backendConnectMs: 10_000,
  inboxBytes: 256 * 1024,
};

export const PASSWORD_LIMIT_BYTES = 64 * 1024;
/** Describe, Close, Execute, Sync: a name and little else. */
export const SMALL_LIMIT_BYTES = 16 * 1024;
