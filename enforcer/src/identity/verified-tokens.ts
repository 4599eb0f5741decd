import { createHash } from 'node:crypto';
import type { Principal } from '../pipeline/ports.js';

const ENTRY_LIMIT = 1_000;
/** A key that was withdrawn stops working after at most this long, whatever the tokens say. */
const LONGEST_MS = 60_000;

/** Tokens verified a moment ago, by digest: an agent that connects often pays for one signature check. */
export class VerifiedTokens {
  readonly #entries = new Map<string, { readonly principal: Principal; readonly untilMs: number }>();

  find(token: string, nowMs: number): Principal | undefined {
    const key = digest(token);
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (nowMs < entry.untilMs) return entry.principal;
    this.#entries.delete(key);
    return undefined;
  }

  keep(token: string, principal: Principal, nowMs: number): void {
    if (this.#entries.size >= ENTRY_LIMIT) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    const untilMs = Math.min(principal.expiresMs, nowMs + LONGEST_MS);
    this.#entries.set(digest(token), { principal, untilMs });
  }
}

/** The token itself is not kept: a memory dump should not hold everybody's credentials. */
const digest = (token: string): string => createHash('sha256').update(token).digest('base64');
