/** The compiler: a folder of YAML policies in, findings or a plan and a bundle out. */
export { compileFiles, compileRepository, type Compiled, type Repository } from './repository.js';
export { renderDiagnostics, summarize, type Diagnostic, type Severity } from '@sluice/schemas/diagnostics';
export type { Connection, Model, Policy, Rule } from './model/model.js';
export * from './bundle/index.js';
export * from './conditions/index.js';
export { referenceDecider } from './reference/index.js';
export { link, rebuildEvaluator, type SourcePatch } from './link/index.js';
