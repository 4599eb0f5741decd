/**
 * Where requests wait for people. Asking writes the approval down before anybody is told; an answer is audited before
 * it counts; an approval is spent in the same step that lets its request go on.
 */
import { OPERATION_ERRORS, type ErrorDefinition } from '@sluice/schemas';
import type {
  ApprovalAnswer,
  ApprovalDesk,
  ApprovalRequest,
  AuditLog,
  Clock,
  Principal,
} from '../pipeline/ports.js';
import { newApprovalId, type Approval } from './approval.js';
import type { ApprovalStore } from './approval-store.js';

const REASON_LIMIT_CHARACTERS = 1_000;
/** A rule of the plan always has terms; were they missing, this is the shortest of ours. */
const DEFAULT_EXPIRES_SECONDS = 60;

/** Tells people that they are asked: the pull request, the chat. The store is what counts; a channel may lose things. */
export interface ApprovalChannel {
  asked(approval: Approval): void;
  settled(approval: Approval): void;
}

export interface ApprovalDeskOptions {
  readonly store: ApprovalStore;
  readonly channel: ApprovalChannel;
  readonly audit: Pick<AuditLog, 'operation'>;
  readonly clock: Clock;
  /** How long a request is held open. */
  readonly holdMs: number;
}

export type AnswerResult =
  | { readonly ok: true; readonly approval: Approval }
  | { readonly ok: false; readonly error: ErrorDefinition; readonly message: string };

export interface OpenApprovalDesk extends ApprovalDesk {
  answer(id: string, by: Principal, answer: 'approve' | 'deny', reason: string): Promise<AnswerResult>;
  list(onlyPending: boolean): Approval[];
  pendingCount(): number;
  /** Everybody who waits is told that nobody answered yet. */
  close(): void;
}

export function openApprovalDesk(options: ApprovalDeskOptions): OpenApprovalDesk {
  return new Desk(options);
}

class Desk implements OpenApprovalDesk {
  /** Requests that are held, by approval; each is woken when something happened to it. */
  readonly #held = new Map<string, Set<() => void>>();
  #closed = false;

  constructor(private readonly options: ApprovalDeskOptions) {}

  async hold(
    request: ApprovalRequest,
    onAsked: (id: string) => void,
    signal: AbortSignal,
  ): Promise<ApprovalAnswer> {
    const { store, clock } = this.options;
    const untilMs = clock.now() + this.options.holdMs;
    let told = '';
    for (;;) {
      store.expire(clock.now());
      const approval = store.open(request.digest) ?? this.#ask(request);
      const answer = this.#settle(approval);
      if (answer !== undefined) return answer;
      if (told !== approval.id) onAsked(approval.id);
      told = approval.id;
      const waitMs = Math.min(untilMs, approval.expiresMs) - clock.now();
      const woken =
        waitMs > 0 && !signal.aborted && !this.#closed && (await this.#wait(approval.id, waitMs, signal));
      if (!woken) return this.#lastLook(approval);
    }
  }

  #ask(request: ApprovalRequest): Approval {
    const { store, clock, channel } = this.options;
    const { principal, connection, protocol, intent } = request.session;
    const nowMs = clock.now();
    const seconds = request.rules.map(({ approval }) => approval?.expiresSeconds ?? DEFAULT_EXPIRES_SECONDS);
    const approval: Approval = {
      id: newApprovalId(),
      digest: request.digest,
      state: 'pending',
      issuer: principal.issuer,
      subject: principal.subject,
      connection,
      protocol,
      request: request.request,
      intent,
      rules: request.rules.map((rule) => ({ rule: rule.id, names: rule.approval?.approvers ?? [] })),
      estimatedRows: request.estimatedRows,
      createdMs: nowMs,
      expiresMs: nowMs + Math.min(...seconds) * 1000,
      answeredBy: '',
      reason: '',
      answeredMs: 0,
    };
    store.add(approval);
    channel.asked(approval);
    return approval;
  }

  /** The answer, if there is one that this request may have. A denial holds until it expires, for everybody who asks. */
  #settle({ id, state, answeredBy: by, reason }: Approval): ApprovalAnswer | undefined {
    if (state === 'denied') return { kind: 'denied', id, by, reason };
    if (state !== 'approved') return undefined;
    // Somebody else may have spent it between the look and now: then this request is not approved.
    return this.options.store.spend(id, this.options.clock.now()) ? { kind: 'approved', id, by } : undefined;
  }

  /** An answer may have come together with the end of the wait. */
  #lastLook({ id, expiresMs }: Approval): ApprovalAnswer {
    const now = this.#closed ? undefined : this.options.store.get(id);
    const fresh = now !== undefined && now.expiresMs > this.options.clock.now();
    return (fresh ? this.#settle(now) : undefined) ?? { kind: 'pending', id, expiresMs };
  }

  /** True when woken, false when time is up or the client left. */
  #wait(id: string, waitMs: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const waiting = this.#held.get(id) ?? new Set();
      this.#held.set(id, waiting);
      const end = (woken: boolean): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', left);
        waiting.delete(wake);
        if (waiting.size === 0) this.#held.delete(id);
        resolve(woken);
      };
      const wake = (): void => end(!this.#closed);
      const left = (): void => end(false);
      // setTimeout fires at once beyond 2^31 ms.
      const timer = setTimeout(left, Math.min(waitMs, 2 ** 31 - 1));
      signal.addEventListener('abort', left, { once: true });
      waiting.add(wake);
    });
  }

  async answer(id: string, by: Principal, answer: 'approve' | 'deny', reason: string): Promise<AnswerResult> {
    const { store, clock, audit, channel } = this.options;
    store.expire(clock.now());
    const approval = store.get(id);
    const complaint = complaintAbout(approval, id, by);
    if (complaint !== undefined) return complaint;
    const state = answer === 'approve' ? 'approved' : 'denied';
    const said = reason.slice(0, REASON_LIMIT_CHARACTERS);
    // Before it counts: if this cannot be written, the answer is not given.
    await audit.operation({
      operation: 'approval.answered',
      actor: by.subject,
      subject: id,
      detail: said === '' ? state : `${state}: ${said}`,
      code: '',
    });
    if (!store.answer(id, state, by.subject, said, clock.now()))
      return refused('approval_settled', `\`${id}\` was settled a moment ago`);
    const settled = store.get(id);
    for (const wake of this.#held.get(id) ?? []) wake();
    if (settled === undefined) return refused('approval_unknown', `there is no approval \`${id}\``);
    channel.settled(settled);
    return { ok: true, approval: settled };
  }

  list(onlyPending: boolean): Approval[] {
    this.options.store.expire(this.options.clock.now());
    return this.options.store.list(onlyPending);
  }

  pendingCount(): number {
    return this.options.store.pendingCount();
  }

  close(): void {
    this.#closed = true;
    for (const waiting of this.#held.values()) for (const wake of waiting) wake();
  }
}

/** Why this person may not answer this approval. */
function complaintAbout(approval: Approval | undefined, id: string, by: Principal): AnswerResult | undefined {
  if (approval === undefined) return refused('approval_unknown', `there is no approval \`${id}\``);
  // One name under two issuers may be one person.
  if (approval.subject === by.subject)
    return refused('not_an_approver', 'nobody may answer a request of their own');
  const names = new Set([by.subject, ...by.groups]);
  const missing = approval.rules.find((rule) => !rule.names.some((name) => names.has(name)));
  if (missing !== undefined) {
    return refused(
      'not_an_approver',
      `\`${by.subject}\` is not among the approvers of rule \`${missing.rule}\``,
    );
  }
  if (approval.state !== 'pending') return refused('approval_settled', `\`${id}\` is ${approval.state}`);
  return undefined;
}

const refused = (name: keyof typeof OPERATION_ERRORS, message: string): AnswerResult => ({
  ok: false,
  error: OPERATION_ERRORS[name],
  message,
});
