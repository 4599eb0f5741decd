/** Linking: a plan becomes tables, the tables become a data segment behind the prebuilt evaluator. */
export { link, linkTables } from './link.js';
export { appendTables } from './module.js';
export { rebuildEvaluator, type SourcePatch } from './rebuild.js';
export { prebuiltEvaluator } from './prebuilt.js';
