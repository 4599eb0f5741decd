/**
 * Bundles in an enforcer: watched, verified, activated, swapped. Start reading in `policy-source.ts`; what makes a
 * bundle trustworthy is in `@sluice/engine`.
 */
export type { BundleLog, OnEvent } from './bundle-reporter.js';
export { createPolicySource, type BundlePolicySource, type PolicySourceOptions } from './policy-source.js';
export type { BundleSource, Fetched } from './source.js';
export type { BundleState, BundleStatus } from './status.js';
