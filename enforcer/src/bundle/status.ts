/** What operators see of the bundle: one of three states, with a stable code beside it. Pure. */
import { BUNDLE_ERRORS, type ErrorDefinition } from '@sluice/schemas';
import type { Generation } from '../pipeline/ports.js';

/**
 * LOADED  the newest bundle decides
 * STALE   the last good bundle decides; a newer one was refused, or the source is silent for too long
 * ERROR   no bundle decides: everything is denied
 */
export type BundleState = 'LOADED' | 'STALE' | 'ERROR';

export interface BundleStatus {
  readonly state: BundleState;
  /** Of the code table; empty when there is nothing to say. */
  readonly code: string;
  readonly message: string;
  readonly source: string;
  /** 0 when no bundle was activated. */
  readonly generation: number;
  readonly version: number;
  readonly revision: string;
  readonly digest: string;
  readonly activatedMs: number;
  /** When the source last confirmed the bundle that decides. */
  readonly confirmedMs: number;
  readonly expiresMs: number;
}

export interface Fault {
  readonly error: ErrorDefinition;
  readonly message: string;
}

/** The bundle that was activated last. */
export interface Activated {
  readonly generation: Generation;
  readonly version: number;
  readonly revision: string;
  readonly activatedMs: number;
  readonly expiresMs: number;
}

export interface Settings {
  readonly staleAfterMs: number;
  readonly failClosedAfterMs: number;
}

/** Why the last activated bundle may decide no longer; undefined while it may. */
export function closedBy(
  activated: Activated,
  nowMs: number,
  ageMs: number,
  settings: Settings,
): Fault | undefined {
  if (nowMs >= activated.expiresMs) {
    const message = `the bundle expired at ${utc(activated.expiresMs)}`;
    return { error: BUNDLE_ERRORS.bundle_expired, message };
  }
  if (ageMs > settings.failClosedAfterMs) {
    const message = `no bundle was confirmed for ${seconds(ageMs)} s, at most ${seconds(settings.failClosedAfterMs)} s are accepted`;
    return { error: BUNDLE_ERRORS.bundle_fail_closed, message };
  }
  return undefined;
}

export interface Verdict {
  readonly state: BundleState;
  readonly fault: Fault | undefined;
}

/** `fault` is what stood in the way of the newest bundle at the last look, if anything did. */
export function judge(
  activated: Activated | undefined,
  fault: Fault | undefined,
  nowMs: number,
  ageMs: number,
  settings: Settings,
): Verdict {
  if (activated === undefined) return { state: 'ERROR', fault: fault ?? none };
  const closed = closedBy(activated, nowMs, ageMs, settings);
  if (closed) return { state: 'ERROR', fault: closed };
  if (fault !== undefined && fault.error !== BUNDLE_ERRORS.bundle_source_unreadable)
    return { state: 'STALE', fault };
  if (ageMs <= settings.staleAfterMs) return { state: 'LOADED', fault };
  const message = `no bundle was confirmed for ${seconds(ageMs)} s`;
  const stale = {
    error: BUNDLE_ERRORS.bundle_stale,
    message: fault ? `${message}: ${fault.message}` : message,
  };
  return { state: 'STALE', fault: stale };
}

const none: Fault = { error: BUNDLE_ERRORS.bundle_none, message: BUNDLE_ERRORS.bundle_none.title };

const seconds = (ms: number): number => Math.round(ms / 1000);

const utc = (ms: number): string => (ms < 8.64e15 ? new Date(ms).toISOString() : `${ms} ms after 1970`);
