/** A candidate on its way to decide: verified, activated aside, written down. Each step may refuse it. */
import {
  activate,
  verifyBundle,
  type ActiveBundle,
  type HighestVersion,
  type PolicyLoader,
  type Trust,
} from '@sluice/engine';
import { SluiceError } from '@sluice/schemas';
import type { Clock } from '../pipeline/ports.js';
import type { BundleStore } from './bundle-store.js';

export interface CandidateContext {
  readonly trust: Trust;
  readonly clock: Clock;
  readonly loadPolicy?: PolicyLoader;
  readonly store: BundleStore;
}

/** Answers with what may now be swapped in; throws a `SluiceError` that says why it may not. */
export async function loadCandidate(bytes: Uint8Array, context: CandidateContext): Promise<ActiveBundle> {
  const { store } = context;
  const highest = await store.readHighest();
  const active = await examine(bytes, highest, context);
  // On disk before it decides: a crash must not leave a way back to an older version.
  if (highest?.version !== active.bundle.version) await store.writeHighest(versionOf(active));
  await store.writeLastGood(bytes);
  return active;
}

/** The last good bundle of an earlier run is believed no more than one from anywhere else. */
export async function loadLastGood(bytes: Uint8Array, context: CandidateContext): Promise<ActiveBundle> {
  const { store } = context;
  const highest = await store.readHighest();
  const active = await examine(bytes, highest, context);
  // The record was lost, the cache was not: what it holds was accepted here once.
  if (highest === undefined) await store.writeHighest(versionOf(active));
  return active;
}

async function examine(
  bytes: Uint8Array,
  highestVersion: HighestVersion | undefined,
  { trust, clock, loadPolicy }: CandidateContext,
): Promise<ActiveBundle> {
  const verified = await verifyBundle(bytes, trust, { nowMs: clock.now(), highestVersion });
  if (!verified.ok) throw new SluiceError(verified.error, verified.message);
  const active = await activate(verified.value, loadPolicy);
  if (!active.ok) throw new SluiceError(active.error, active.message);
  return active.value;
}

const versionOf = ({ bundle }: ActiveBundle): HighestVersion => ({
  version: bundle.version,
  digest: bundle.contentDigest,
});
