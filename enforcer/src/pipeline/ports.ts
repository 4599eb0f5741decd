/** What the pipeline needs of the world. Clock, audit, approvals and limits come in here, so tests can own them. */
import type { Access, Decider, Decision, ErrorDefinition, RuleInfo } from '@sluice/schemas';

/** Who is asking: minted only by `identity` from a verified token. */
export interface Principal {
  readonly issuer: string;
  readonly subject: string;
  readonly groups: readonly string[];
  /** When the token stops being valid, in milliseconds since the epoch. */
  readonly expiresMs: number;
}

/** One principal, one connection, one intent, an expiry. */
export interface Session {
  readonly id: string;
  readonly principal: Principal;
  readonly connection: string;
  readonly protocol: string;
  readonly intent: string;
  readonly clientAddress: string;
  readonly startedMs: number;
}

/** One activated bundle. In-flight requests finish on theirs. */
export interface Generation {
  readonly number: number;
  /** SHA-256 of the bundle file, hex. */
  readonly digest: string;
  readonly policy: Decider & {
    readonly rules: readonly RuleInfo[];
    /** Names of the facts that conditions read. */
    readonly facts: ReadonlySet<string>;
    /** Of those, the ones that deciding a request of this shape could read. */
    factsFor(
      connection: string,
      accesses: readonly Access[],
      columns: readonly string[],
    ): ReadonlySet<string>;
  };
}

export interface PolicySource {
  /** The generation that decides now; undefined when there is none, or it is too old to be trusted. */
  current(): Generation | undefined;
}

/** A denial is a value. `error` is a row of the error-code table; `message` is what the agent may read. */
export interface Refusal {
  readonly error: ErrorDefinition;
  readonly message: string;
  /** The way to ask. */
  readonly hint: string;
  readonly decisionId: string;
  readonly rule?: RuleInfo;
  readonly approvalId?: string;
  readonly retryAfterMs?: number;
}

export interface DecisionEvent {
  readonly decisionId: string;
  readonly session: Session;
  readonly request: string;
  readonly parameters: readonly (string | Uint8Array | null)[];
  /** Undefined when the request was refused before it could be decided. */
  readonly decision: Decision | undefined;
  /** Columns that `decision.masks` speaks of. */
  readonly columns: readonly string[];
  readonly rowLimit: number | undefined;
  readonly refusal: Refusal | undefined;
  readonly approvalId: string | undefined;
  readonly generation: Generation | undefined;
  /** Changes something, or was approved: fsynced before it is forwarded. */
  readonly durable: boolean;
}

/** `prepared`: nothing ran; the backend was only asked to prepare it. */
export type CompletionOutcome = 'ok' | 'error' | 'cancelled' | 'limited' | 'disconnected' | 'prepared';

export interface Completion {
  readonly outcome: CompletionOutcome;
  readonly rows: number;
  readonly bytes: number;
  /** SQLSTATE or another code of the backend's own; empty when there is none. */
  readonly backendCode: string;
}

export interface AuditLog {
  /** Resolves once the record is handed to the operating system (fsynced when `durable`); rejects when it cannot be. */
  decision(event: DecisionEvent): Promise<void>;
  completion(decisionId: string, completion: Completion, durationUs: number): void;
  /** Resolves once the record is handed to the operating system. */
  refusedLogin(event: RefusedLoginEvent): Promise<void>;
  /** Something the enforcer or an operator did. */
  operation(event: OperationEvent): Promise<void>;
}

export interface RefusedLoginEvent {
  readonly connection: string;
  readonly protocol: string;
  readonly clientAddress: string;
  /** As the token claims, unverified; empty when nothing could be read. Never the token itself. */
  readonly claimedSubject: string;
  readonly claimedIssuer: string;
  readonly fault: { readonly error: ErrorDefinition; readonly message: string };
}

export interface OperationEvent {
  /** Such as `start`, `stop`, `bundle.activated`, `bundle.refused`, `approval.answered`. */
  readonly operation: string;
  readonly actor: string;
  readonly subject: string;
  readonly detail: string;
  readonly code: string;
}

export interface ApprovalRequest {
  readonly digest: string;
  readonly session: Session;
  readonly request: string;
  readonly estimatedRows: number | undefined;
  /** The rules that ask, each with its approvers: all of them must be answered. */
  readonly rules: readonly RuleInfo[];
}

export type ApprovalAnswer =
  | { readonly kind: 'approved'; readonly id: string; readonly by: string }
  | { readonly kind: 'denied'; readonly id: string; readonly by: string; readonly reason: string }
  /** Nobody answered while the protocol could wait. */
  | { readonly kind: 'pending'; readonly id: string; readonly expiresMs: number };

export interface ApprovalDesk {
  /**
   * Finds an unspent approval for this digest and spends it, or asks for one and waits, at most as long as the
   * hold time. `onAsked` tells the client that it waits. Aborting `signal` (the client left) ends the wait.
   */
  hold(request: ApprovalRequest, onAsked: (id: string) => void, signal: AbortSignal): Promise<ApprovalAnswer>;
}

export interface Limiter {
  /** Takes one from the budget of `key`, or says how long until there is one again. */
  take(
    key: string,
    rate: { count: number; windowSeconds: number },
  ): { ok: true } | { ok: false; retryAfterMs: number };
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Microseconds from an arbitrary start, never going back. */
  monotonicUs(): number;
}

export interface Ports {
  readonly policies: PolicySource;
  readonly audit: AuditLog;
  readonly approvals: ApprovalDesk;
  readonly limiter: Limiter;
  readonly clock: Clock;
}

/** Turns a token into a principal, or says why not. The only way to a `Principal`. */
export interface Authenticator {
  authenticate(token: string): Promise<
    | { readonly ok: true; readonly principal: Principal }
    | {
        readonly ok: false;
        readonly error: ErrorDefinition;
        /** For the audit log and the operator's log; the client is told only the title of `error`. */
        readonly message: string;
        readonly claimedSubject: string;
        readonly claimedIssuer: string;
      }
  >;
}
