/**
 * The engine: a bundle is verified, its module inspected and its tables proved sound; then it decides. What is
 * exported here is all that others use.
 */
export * from './bundle/index.js';
export { inspectModule, type InspectedModule } from './module/inspect-module.js';
export { loadPolicy, type LoadOptions, type Policy } from './policy.js';
export type { InternedPrincipal, InternedShape } from './evaluator/interned.js';
export { verifyTables } from './tables/verify-tables.js';
export { termsOf, type Terms } from './terms.js';
