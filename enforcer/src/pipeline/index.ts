/** The request path: one table of steps for all protocols. Start reading in `pipeline.ts`. */
export { baseFacts } from './base-facts.js';
export { rehearse, runPipeline, type Rehearsal, type Verdict } from './pipeline.js';
export type { Permit } from './permit.js';
export type * from './ports.js';
export type * from './request.js';
