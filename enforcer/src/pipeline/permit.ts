import type { Decision } from '@sluice/schemas';
import type { AuditLog, Clock, Completion, Generation } from './ports.js';

const minted = Symbol('minted by the pipeline');

/** For `pipeline.ts` alone; not exported from the folder. */
export let mintPermit: <Forward>(fields: PermitFields<Forward>) => Permit<Forward>;

/**
 * The right to forward one request. Only the pipeline makes one, after the audit record is durable; a protocol
 * needs it to write to a backend, and gives the account of what happened back through `complete`, once.
 */
export class Permit<Forward = unknown> {
  #completed = false;
  readonly #startedUs: number;

  private constructor(
    key: typeof minted,
    readonly decisionId: string,
    readonly decision: Decision,
    readonly generation: Generation,
    /** What the protocol prepared to send in place of what the client sent. */
    readonly forward: Forward,
    /** Most rows the reply may have; undefined for no limit. */
    readonly rowLimit: number | undefined,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {
    if (key !== minted) throw new TypeError('a permit is minted by the pipeline only');
    this.#startedUs = clock.monotonicUs();
  }

  static {
    mintPermit = (fields) =>
      new Permit(
        minted,
        fields.decisionId,
        fields.decision,
        fields.generation,
        fields.forward,
        fields.rowLimit,
        fields.audit,
        fields.clock,
      );
  }

  complete(completion: Completion): void {
    if (this.#completed) return;
    this.#completed = true;
    this.audit.completion(this.decisionId, completion, this.clock.monotonicUs() - this.#startedUs);
  }
}

interface PermitFields<Forward> {
  readonly decisionId: string;
  readonly decision: Decision;
  readonly generation: Generation;
  readonly forward: Forward;
  readonly rowLimit: number | undefined;
  readonly audit: AuditLog;
  readonly clock: Clock;
}
