/** Ports that keep everything in memory, where a test can look at it and change it. */
import type {
  ApprovalAnswer,
  ApprovalRequest,
  Authenticator,
  Completion,
  DecisionEvent,
  Generation,
  Ports,
  RefusedLoginEvent,
} from '@sluice/enforcer';
import { REQUEST_ERRORS } from '@sluice/schemas';

export interface MemoryPorts {
  readonly ports: Ports;
  readonly authenticator: Authenticator;
  readonly decisions: DecisionEvent[];
  readonly completions: (Completion & { readonly decisionId: string })[];
  readonly refusedLogins: RefusedLoginEvent[];
  readonly held: ApprovalRequest[];
  /** The policy from now on. */
  activate(generation: Generation | undefined): void;
  /** What a person answers; the default leaves a request waiting until the client leaves. */
  answer: (request: ApprovalRequest, signal: AbortSignal) => Promise<ApprovalAnswer>;
  /** Makes the audit log fail from now on, or work again. */
  auditFails: boolean;
  /** Lets `take` of the limiter succeed. */
  hasBudget: boolean;
}

/** The only token that is accepted; with `:SECONDS` after it, it expires that soon. */
export const GOOD_TOKEN = 'good-token-of-agent-7';

export function memoryPorts(first: Generation | undefined): MemoryPorts {
  let generation = first;
  const memory: MemoryPorts = {
    decisions: [],
    completions: [],
    refusedLogins: [],
    held: [],
    auditFails: false,
    hasBudget: true,
    answer: (_, signal) =>
      new Promise((resolve) =>
        signal.addEventListener('abort', () => resolve({ kind: 'pending', id: 'ap-1', expiresMs: 0 })),
      ),
    activate: (next) => void (generation = next),
    authenticator: { authenticate },
    ports: {
      policies: { current: () => generation },
      audit: {
        decision: async (event) => {
          await new Promise((resolve) => setImmediate(resolve));
          if (memory.auditFails) throw new Error('no space left on device');
          memory.decisions.push(event);
        },
        completion: (decisionId, completion) => void memory.completions.push({ decisionId, ...completion }),
        refusedLogin: async (event) => void memory.refusedLogins.push(event),
        operation: async () => {},
      },
      approvals: {
        hold: async (request, onAsked, signal) => {
          memory.held.push(request);
          onAsked('ap-1');
          return memory.answer(request, signal);
        },
      },
      limiter: {
        take: () => (memory.hasBudget ? { ok: true } : { ok: false, retryAfterMs: 1500 }),
      },
      clock: { now: () => Date.now(), monotonicUs: () => performance.now() * 1000 },
    },
  };
  return memory;
}

const authenticate: Authenticator['authenticate'] = async (token) => {
  const [name, seconds] = token.split(':');
  if (name === GOOD_TOKEN) {
    const expiresMs = Date.now() + Number(seconds ?? 3600) * 1000;
    const groups = ['support-agents'];
    return { ok: true, principal: { issuer: 'https://issuer.test', subject: 'agent-7', groups, expiresMs } };
  }
  return {
    ok: false,
    error: REQUEST_ERRORS.unauthenticated,
    message: 'the signature does not verify',
    claimedSubject: 'agent-7',
    claimedIssuer: 'https://issuer.test',
  };
};
