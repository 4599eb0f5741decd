/** Linking: a plan becomes tables, the tables become a data segment behind the prebuilt evaluator. */
export { link } from './link.js';
export { rebuildEvaluator, type SourcePatch } from './rebuild.js';
