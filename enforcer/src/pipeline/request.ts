import type { Access, Decision, ErrorDefinition, Facts } from '@sluice/schemas';

/** A refusal before it has a decision id and a face: which row of the table, and what exactly. */
export interface Fault {
  readonly error: ErrorDefinition;
  readonly message: string;
}

export type Step<T> = { readonly ok: true; readonly value: T } | ({ readonly ok: false } & Fault);

/** What a protocol found in a request: the part of the facts that only it can know. */
export interface Classified {
  readonly accesses: readonly Access[];
  readonly columns: readonly string[];
  readonly facts: Facts;
  /** True when the request may change something: its audit record is fsynced first. */
  readonly writes: boolean;
}

/**
 * One request on its way through the pipeline. Each protocol fills in these few steps; their order, and what
 * happens when one refuses, is the pipeline's.
 */
export interface ProtocolRequest<Forward> {
  /** The full request as the client sent it, for the audit log and for approvers. */
  readonly text: string;
  readonly parameters: readonly (string | Uint8Array | null)[];
  /** Settings of the session that change what the request means; part of an approval's digest. */
  readonly settings: string;
  /** A promise only where the work was handed to another thread. */
  classify(): Step<Classified> | Promise<Step<Classified>>;
  /** Finds facts that cost a question to the backend; called only when a policy reads one of `names`. */
  inquire(names: ReadonlySet<string>): Promise<Facts>;
  /** Turns the decision into what will be sent, or refuses what cannot be made sound. Sends nothing. */
  prepare(decision: Decision): Step<Forward>;
  /** Tells the client that its request waits for a person. */
  waiting(approvalId: string): void;
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal;
}
