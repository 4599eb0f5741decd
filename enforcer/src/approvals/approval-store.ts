/**
 * Approvals in a SQLite file: they outlive the process, and each change of state is one statement that happens or does
 * not. At most one approval is open for a digest; the same request asked twice joins it.
 */
import fs from 'node:fs';
import path from 'node:path';
import Database from 'libsql';
import { OPERATION_ERRORS, SluiceError } from '@sluice/schemas';
import type { Approval, ApprovalState } from './approval.js';

const KEPT_MS = 7 * 24 * 3_600_000;

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS approvals (
    id TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    state TEXT NOT NULL,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    connection TEXT NOT NULL,
    protocol TEXT NOT NULL,
    request TEXT NOT NULL,
    intent TEXT NOT NULL,
    rules TEXT NOT NULL,
    estimated_rows INTEGER,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    answered_by TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    answered_ms INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX IF NOT EXISTS approvals_by_state ON approvals (state);
  CREATE UNIQUE INDEX IF NOT EXISTS approvals_open ON approvals (digest) WHERE state IN ('pending', 'approved', 'denied');
`;

interface Row {
  readonly id: string;
  readonly digest: string;
  readonly state: ApprovalState;
  readonly issuer: string;
  readonly subject: string;
  readonly connection: string;
  readonly protocol: string;
  readonly request: string;
  readonly intent: string;
  readonly rules: string;
  readonly estimated_rows: number | null;
  readonly created_ms: number;
  readonly expires_ms: number;
  readonly answered_by: string;
  readonly reason: string;
  readonly answered_ms: number;
}

export class ApprovalStore {
  readonly #database: Database.Database;

  /** `file` may be `:memory:`. */
  constructor(file: string) {
    try {
      if (file !== ':memory:') fs.mkdirSync(path.dirname(file), { recursive: true });
      this.#database = new Database(file, { timeout: 2_000 });
      this.#database.exec(SCHEMA);
    } catch (cause) {
      // Fail closed: what cannot be remembered cannot be approved.
      throw new SluiceError(
        OPERATION_ERRORS.state_unavailable,
        `the state store \`${file}\` cannot be opened`,
        {
          cause,
        },
      );
    }
  }

  /** Takes what is past its time out of the way; its row stays for a week. */
  expire(nowMs: number): void {
    this.#run(
      `UPDATE approvals SET state = 'expired' WHERE state IN ('pending', 'approved', 'denied') AND expires_ms <= ?`,
      nowMs,
    );
    this.#run('DELETE FROM approvals WHERE expires_ms <= ?', nowMs - KEPT_MS);
  }

  /** The open approval of a digest, whatever its answer. */
  open(digest: string): Approval | undefined {
    return this.#find(
      `SELECT * FROM approvals WHERE digest = ? AND state IN ('pending', 'approved', 'denied')`,
      digest,
    );
  }

  get(id: string): Approval | undefined {
    return this.#find('SELECT * FROM approvals WHERE id = ?', id);
  }

  /** Newest first; those that wait, or all that are still kept. */
  list(onlyPending: boolean): Approval[] {
    const where = onlyPending ? `WHERE state = 'pending'` : '';
    const rows = this.#database
      .prepare(`SELECT * FROM approvals ${where} ORDER BY created_ms DESC, id LIMIT 1000`)
      .all() as Row[];
    return rows.map(approvalOf);
  }

  pendingCount(): number {
    const row = this.#database
      .prepare(`SELECT count(*) AS many FROM approvals WHERE state = 'pending'`)
      .get();
    return (row as { many: number }).many;
  }

  add(approval: Approval): void {
    this.#run(
      `INSERT INTO approvals (id, digest, state, issuer, subject, connection, protocol, request, intent, rules,
                              estimated_rows, created_ms, expires_ms)
       VALUES (?, ?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      approval.id,
      approval.digest,
      approval.issuer,
      approval.subject,
      approval.connection,
      approval.protocol,
      approval.request,
      approval.intent,
      JSON.stringify(approval.rules),
      approval.estimatedRows ?? null,
      approval.createdMs,
      approval.expiresMs,
    );
  }

  /** False when it was answered, used or expired in the meantime. */
  answer(id: string, state: 'approved' | 'denied', by: string, reason: string, nowMs: number): boolean {
    return this.#run(
      `UPDATE approvals SET state = ?, answered_by = ?, reason = ?, answered_ms = ?
       WHERE id = ? AND state = 'pending' AND expires_ms > ?`,
      state,
      by,
      reason,
      nowMs,
      id,
      nowMs,
    );
  }

  /** One approval runs one request, once: of many that try, one gets true. */
  spend(id: string, nowMs: number): boolean {
    return this.#run(
      `UPDATE approvals SET state = 'used' WHERE id = ? AND state = 'approved' AND expires_ms > ?`,
      id,
      nowMs,
    );
  }

  close(): void {
    this.#database.close();
  }

  #run(sql: string, ...values: unknown[]): boolean {
    return this.#database.prepare(sql).run(...values).changes > 0;
  }

  #find(sql: string, value: string): Approval | undefined {
    const row = this.#database.prepare(sql).get(value) as Row | undefined;
    return row && approvalOf(row);
  }
}

function approvalOf(row: Row): Approval {
  return {
    id: row.id,
    digest: row.digest,
    state: row.state,
    issuer: row.issuer,
    subject: row.subject,
    connection: row.connection,
    protocol: row.protocol,
    request: row.request,
    intent: row.intent,
    rules: JSON.parse(row.rules) as Approval['rules'],
    estimatedRows: row.estimated_rows ?? undefined,
    createdMs: row.created_ms,
    expiresMs: row.expires_ms,
    answeredBy: row.answered_by,
    reason: row.reason,
    answeredMs: row.answered_ms,
  };
}
