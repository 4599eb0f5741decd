/** From a verified bundle to a policy that decides: load the module aside, then make it prove itself. */
import type { RuleInfo } from '@sluice/schemas';
import type { SmokeRequest } from './contents.js';
import { loadPolicy, type Policy } from '../policy.js';
import { outcomeOf, refusal, type BundleResult } from './refusal.js';
import type { VerifiedBundle } from './verify-bundle.js';

/** What a module is once it is loaded. */
export type LoadedPolicy = Pick<Policy, 'rules' | 'facts' | 'factsFor' | 'decide'>;

/** Inspects the module (imports, memory, start function, pinned code) and links it; throws when anything is off. */
export type PolicyLoader = (wasm: Uint8Array, rules: readonly RuleInfo[]) => LoadedPolicy;

export interface ActiveBundle {
  readonly bundle: VerifiedBundle;
  readonly policy: LoadedPolicy;
}

/**
 * activate(bundle, load?) -> { ok: true, value: ActiveBundle } | { ok: false, error, message }. Another `load` than
 * the engine's own is for tests.
 */
export function activate(
  bundle: VerifiedBundle,
  load: PolicyLoader = loadPolicy,
): Promise<BundleResult<ActiveBundle>> {
  return outcomeOf('bundle_module_refused', () => {
    const policy = load(bundle.wasm, bundle.rules);
    checkFacts(bundle, policy);
    for (const [index, smoke] of bundle.smoke.entries()) checkSmoke(policy, smoke, index);
    return { bundle, policy };
  });
}

/** The enforcer computes the facts that the manifest lists: a module that reads others would miss them. */
function checkFacts(bundle: VerifiedBundle, policy: LoadedPolicy): void {
  const listed = bundle.manifest.facts.map((fact) => fact.name).toSorted();
  const read = [...policy.facts].toSorted();
  if (listed.join('\n') !== read.join('\n')) {
    throw refusal('bundle_manifest_mismatch', 'the manifest lists other facts than the policy module reads');
  }
}

function checkSmoke(policy: LoadedPolicy, { request, expect }: SmokeRequest, index: number): void {
  const decision = policy.decide(request);
  if (decision.reason === 'evaluator_failed') {
    // It denies then, which may even be what is expected; but it did not decide.
    throw refusal('bundle_smoke_failed', `the evaluator failed on smoke request ${index}`);
  }
  const masks = [...decision.masks].map(([column, mask]) => `${request.columns[column]} ${mask}`);
  const expected = Object.entries(expect.masks).map(([column, mask]) => `${column} ${mask}`);
  if (decision.outcome !== expect.outcome) {
    const message = `smoke request ${index} was decided \`${decision.outcome}\`, expected \`${expect.outcome}\``;
    throw refusal('bundle_smoke_failed', message);
  }
  if (distinct(masks) !== distinct(expected)) {
    const message = `smoke request ${index} masks \`${distinct(masks)}\`, expected \`${distinct(expected)}\``;
    throw refusal('bundle_smoke_failed', message);
  }
}

/** A request may name one column twice. */
const distinct = (texts: readonly string[]): string => [...new Set(texts)].toSorted().join(', ');
