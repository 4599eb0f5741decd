/** The request path: one table of steps for all protocols. Start reading in `pipeline.ts`. */
export { runPipeline, type Verdict } from './pipeline.js';
export type { Permit } from './permit.js';
export type * from './ports.js';
export type * from './request.js';
