/** The compiler: a folder of YAML policies in, findings or a plan and a bundle out. */
export { compileFiles, compileRepository, type Compiled, type Repository } from './repository.js';
export type { Diagnostic, Severity } from './diagnostics/diagnostic.js';
export { renderDiagnostics, summarize } from './diagnostics/render.js';
export type { Connection, Model, Policy, Rule } from './model/model.js';
export * from './bundle/index.js';
export * from './conditions/index.js';
export { referenceDecider } from './reference/index.js';
export { link, rebuildEvaluator, type SourcePatch } from './link/index.js';
