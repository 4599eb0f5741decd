import type { Clock, Limiter } from '../pipeline/ports.js';

/** Budgets kept at a time. */
const KEYS_LIMIT = 100_000;
/** How many old budgets are looked at to make room for a new one: bounds the cost of one request. */
const LOOKS_LIMIT = 64;

/**
 * Rates by the generic cell rate algorithm (ITU-T I.371): one number for each key, the time at which its budget will
 * be full again. A burst of `count` is allowed, then one each `window / count`, never more in the long run.
 */
export function createLimiter(clock: Clock, keysLimit = KEYS_LIMIT): Limiter {
  const fullAtUs = new Map<string, number>();
  return {
    take(key, { count, windowSeconds }) {
      const nowUs = clock.monotonicUs();
      const windowUs = windowSeconds * 1e6;
      const known = fullAtUs.get(key);
      // Fail closed: forgetting a budget in use would give it back, so a new one waits until there is room.
      if (known === undefined && fullAtUs.size >= keysLimit && !makeRoom(fullAtUs, nowUs)) {
        return { ok: false, retryAfterMs: 1_000 };
      }
      const next = Math.max(nowUs, known ?? nowUs) + windowUs / count;
      const earlyUs = next - nowUs - windowUs;
      // The last of `count` steps ends exactly with the window; rounding must not cost it.
      if (earlyUs > 1) return { ok: false, retryAfterMs: Math.ceil(earlyUs / 1000) };
      // Put at the end, so that the map is in order of use.
      if (known !== undefined) fullAtUs.delete(key);
      fullAtUs.set(key, next);
      return { ok: true };
    },
  };
}

/** A budget that is full again is forgotten without loss. */
function makeRoom(fullAtUs: Map<string, number>, nowUs: number): boolean {
  let looks = 0;
  let made = false;
  for (const [key, full] of fullAtUs) {
    if (full <= nowUs) made = fullAtUs.delete(key);
    if (++looks >= LOOKS_LIMIT) break;
  }
  return made;
}
