/** What is wrong with a file, where, and the way out. Start reading in `diagnostic.ts`. */
export { diagnose, diagnoseFile, hasErrors, sorted, type Diagnostic, type Severity } from './diagnostic.js';
export { didYouMean, nearestName } from './nearest-name.js';
export { count, painter, renderDiagnostics, summarize } from './render.js';
export type { Origin, SourceText } from './source-text.js';
