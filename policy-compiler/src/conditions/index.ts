/** Conditions (`when`): CEL checked against the facts schema and lowered to byte code. */
export { compileCondition, type CompiledCondition } from './compile-condition.js';
export { layOutConditions, type ConditionTables } from './lay-out.js';
export type { ConditionProblem, Span } from './problem.js';
