/** The enforcer's parts, for programs that put them together themselves. */
export {
  createPolicySource,
  type BundlePolicySource,
  type BundleSource,
  type BundleStatus,
  type PolicySourceOptions,
} from './bundle/index.js';
