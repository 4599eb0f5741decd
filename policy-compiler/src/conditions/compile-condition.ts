/** `when: <CEL>` to byte code, or to what the author must mend. */
import { AUTHORING_ERRORS } from '@sluice/schemas';
import { checkCondition } from './check.js';
import { availability } from './facts.js';
import { fold } from './fold.js';
import { findHazards } from './guards.js';
import { lower, type LoweredCondition } from './lower.js';
import { parseCondition } from './parse-condition.js';
import { bad, fine, problem, type Checked, type ConditionProblem } from './problem.js';

export interface CompiledCondition extends LoweredCondition {
  /** The condition as written. */
  readonly cel: string;
  /** True when it may fail at run time; a condition that fails never widens, but may surprise. */
  readonly canFail: boolean;
  /** The value of a condition that asks nothing of the request. */
  readonly constant: boolean | undefined;
  /** What is worth a warning: it is always true or false, or can fail, and where. */
  readonly warnings: readonly ConditionProblem[];
}

/**
 * `protocols` are those of all connections of the rule. A fact that only some of them have must be guarded by
 * `has()`: elsewhere it is never known.
 */
export function compileCondition(source: string, protocols: readonly string[]): Checked<CompiledCondition> {
  const parsed = parseCondition(source);
  if (!parsed.ok) return parsed;
  const checked = checkCondition(parsed.value, protocols);
  if (!checked.ok) return checked;
  const problems: ConditionProblem[] = [];
  const condition = fold(checked.value, problems);
  const warnings: ConditionProblem[] = [];
  const hazards = findHazards(
    condition,
    (fact) => fact.known === 'always' && availability(fact, protocols) === 'all',
  );
  for (const { fact, message, ...span } of hazards) {
    if (fact !== undefined && availability(fact, protocols) !== 'all') {
      const provided = fact.protocols.join(', ');
      const told = `\`${fact.name}\` is known for ${provided} only, and the rule covers ${protocols.join(', ')}`;
      const help = `Write \`has(${fact.name}) && ...\`, or make a rule for each protocol.`;
      problems.push(problem(AUTHORING_ERRORS.cel_fact_unavailable, span, told, help));
    } else {
      warnings.push(problem(AUTHORING_ERRORS.cel_can_fail, span, message));
    }
  }
  const value =
    condition.kind === 'constant' && typeof condition.value === 'boolean' ? condition.value : undefined;
  if (value !== undefined) {
    const whole = { from: 0, to: source.length };
    warnings.push(problem(AUTHORING_ERRORS.cel_constant, whole, `the condition is always ${value}`));
  }
  if (problems.length > 0) return bad(...problems);
  const lowered = lower(condition);
  if (!lowered.ok) return lowered;
  const { instructions, facts, automata, strings, stringLists, ints, intLists, stack } = lowered.value;
  return fine({
    cel: source,
    canFail: hazards.length > 0,
    constant: value,
    warnings,
    instructions,
    facts,
    automata,
    strings,
    stringLists,
    ints,
    intLists,
    stack,
  });
}
