/**
 * Cancellation. Clients get keys of Sluice's own making, so the backend's key, which would cancel past the
 * proxy, stays here.
 */
import { randomInt } from 'node:crypto';
import { serialize } from 'pg-protocol';
import type { PostgresUpstream } from '../connection.js';
import { openUpstream } from './open-upstream.js';

export interface CancelKey {
  readonly processId: number;
  readonly secret: number;
}

/** Keys of all sessions of a listener. */
export class CancelKeys {
  readonly #sessions = new Map<string, () => void>();

  /** `cancel` is run for each CancelRequest that shows this key. */
  issue(cancel: () => void): { readonly key: CancelKey; revoke(): void } {
    const key = { processId: randomInt(1, 0x7fff_ffff), secret: randomInt(-0x8000_0000, 0x8000_0000) };
    const name = nameOf(key);
    if (this.#sessions.has(name)) return this.issue(cancel);
    this.#sessions.set(name, cancel);
    return { key, revoke: () => void this.#sessions.delete(name) };
  }

  /** A wrong key does nothing and is told nothing, as with PostgreSQL itself. */
  request(key: CancelKey): void {
    this.#sessions.get(nameOf(key))?.();
  }
}

const nameOf = ({ processId, secret }: CancelKey): string => `${processId}.${secret}`;

/** Resolves once the backend has taken the request, or could not be asked. */
export async function cancelOnBackend(
  upstream: PostgresUpstream,
  key: CancelKey,
  timeoutMs: number,
): Promise<void> {
  try {
    const socket = await openUpstream(upstream, timeoutMs);
    const late = setTimeout(() => socket.destroy(), timeoutMs);
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.resume();
    socket.end(serialize.cancel(key.processId, key.secret));
    await closed;
    clearTimeout(late);
  } catch {
    // A cancel that cannot be delivered cancels nothing: the statement runs on, still judged and accounted for.
  }
}
