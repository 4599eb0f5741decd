/**
 * The macros exists and all. Over a fact the test is one instruction for all entries, so it must be simple; over
 * a constant list the test is written out once for each entry, so it may be anything.
 */
import { AUTHORING_ERRORS } from '@sluice/schemas';
import { constantPattern, TEXT_TESTS } from './check-call.js';
import { EACH_ENTRY, typeName, type Checker, type Scope } from './checker.js';
import { constant, type EntryTest, type Expression } from './expression.js';
import { FACT_ROOTS } from './facts.js';
import type { Expr } from './parse-condition.js';
import type { Span } from './problem.js';

type Comprehension = Extract<Expr['exprKind'], { case: 'comprehensionExpr' }>['value'];

interface Quantifier {
  readonly every: boolean;
  readonly variable: string;
  readonly span: Span;
  readonly scope: Scope;
}

export function checkQuantifier(
  checker: Checker,
  expr: Expr,
  comprehension: Comprehension,
  span: Span,
  scope: Scope,
): Expression | undefined {
  const macro = checker.parsed.macroOf(expr);
  const variable = comprehension.iterVar;
  if (macro !== 'exists' && macro !== 'all') {
    return checker.unsupported(expr, `the macro \`${macro}\` is not supported`, 'Use exists or all.');
  }
  if (FACT_ROOTS.has(variable) || scope.has(variable)) {
    const message = `the variable \`${variable}\` hides another name`;
    return checker.unsupported(expr, message, 'Give it a name of its own.');
  }
  const step = comprehension.loopStep?.exprKind;
  const test = step?.case === 'callExpr' && step.value.args.length === 2 ? step.value.args[1] : undefined;
  const list = checker.check(comprehension.iterRange, scope);
  if (list === undefined || test === undefined) return undefined;
  const quantifier = { every: macro === 'all', variable, span, scope };
  if (list.kind === 'list') return writeOut(checker, quantifier, list.values, test);
  if (list.type === 'list(string)') return overFact(checker, quantifier, list, test);
  const message = `\`${macro}\` goes over a list, this is ${typeName(list.type)}`;
  return checker.report(list, AUTHORING_ERRORS.cel_type, message);
}

function writeOut(
  checker: Checker,
  { every, variable, span, scope }: Quantifier,
  values: readonly (string | bigint)[],
  test: Expr,
): Expression | undefined {
  const tests: Expression[] = [];
  for (const value of values) {
    const one = checker.check(test, new Map([...scope, [variable, value]]));
    if (one === undefined) return undefined;
    if (one.type !== 'bool') {
      const message = `the test of a macro is a bool, this is ${typeName(one.type)}`;
      return checker.report(one, AUTHORING_ERRORS.cel_type, message);
    }
    tests.push(one);
  }
  return joinEvenly(tests, every ? 'and' : 'or', span);
}

/** A balanced tree: as shallow as it can be, whatever the number of tests. */
function joinEvenly(tests: readonly Expression[], kind: 'and' | 'or', span: Span): Expression | undefined {
  if (tests.length <= 1) return tests[0];
  const half = Math.ceil(tests.length / 2);
  const left = joinEvenly(tests.slice(0, half), kind, span);
  const right = joinEvenly(tests.slice(half), kind, span);
  return left && right && { ...span, kind, type: 'bool', left, right };
}

function overFact(
  checker: Checker,
  quantifier: Quantifier,
  list: Expression,
  test: Expr,
): Expression | undefined {
  const { every, variable, span } = quantifier;
  const call = test.exprKind.case === 'callExpr' ? test.exprKind.value : undefined;
  if (call?.function === '!_' && call.args[0] !== undefined) {
    // some entry is not so = not every entry is so, failures included
    const operand = overFact(checker, { ...quantifier, every: !every }, list, call.args[0]);
    return operand && { ...span, kind: 'not', type: 'bool', operand };
  }
  const scope: Scope = new Map([...quantifier.scope, [variable, EACH_ENTRY]]);
  const isEntry = (expr: Expr | undefined): boolean =>
    expr?.exprKind.case === 'identExpr' && expr.exprKind.value.name === variable;
  const left = call?.target ?? call?.args[0];
  const right = call?.target === undefined ? call?.args[1] : call.args[0];
  const arity = (call?.args.length ?? 0) + (call?.target === undefined ? 0 : 1);
  const entryTest = call && entryTestOf(call.function, call.target !== undefined);
  const swapped = !isEntry(left) && (entryTest === 'equal' || entryTest === 'not_equal');
  const [entry, other] = swapped ? [right, left] : [left, right];
  if (entryTest === undefined || arity !== 2 || !isEntry(entry) || other === undefined) {
    return checker.unsupported(
      test,
      `the test of \`${every ? 'all' : 'exists'}\` over a fact must be one simple test of \`${variable}\``,
      `Write one of \`${variable} == y\`, \`${variable} != y\`, \`${variable} in ys\`, \`${variable}.startsWith(y)\`, endsWith, contains or matches.`,
    );
  }
  const operand = checker.check(other, scope);
  if (operand === undefined) return undefined;
  const wanted = entryTest === 'in' ? 'list(string)' : 'string';
  if (operand.type !== wanted) {
    const message = `an entry is a string: compare it with a ${wanted}, this is ${typeName(operand.type)}`;
    return checker.report(operand, AUTHORING_ERRORS.cel_type, message);
  }
  if (entryTest === 'matches') {
    const automaton = constantPattern(checker, other, operand);
    const kind = every ? 'every_match' : 'some_match';
    return automaton && { ...span, kind, type: 'bool', list, automaton };
  }
  const kind = every ? 'every' : 'some';
  return unlessEmpty({ ...span, kind, type: 'bool', list, test: entryTest, operand }, list, operand, every);
}

function entryTestOf(name: string, isMethod: boolean): EntryTest | 'matches' | undefined {
  if (isMethod) return name === 'matches' ? 'matches' : TEXT_TESTS[name];
  if (name === '_==_') return 'equal';
  if (name === '_!=_') return 'not_equal';
  return name === '@in' ? 'in' : undefined;
}

/**
 * Over an empty list CEL never looks at the operand, so an operand that fails must not make the whole fail: the
 * answer for the empty list is given apart.
 */
function unlessEmpty(
  quantified: Expression,
  list: Expression,
  operand: Expression,
  every: boolean,
): Expression {
  if (operand.kind === 'constant' || operand.kind === 'list') return quantified;
  const span = { from: quantified.from, to: quantified.to };
  const size: Expression = { ...span, kind: 'size', type: 'int', operand: list };
  const comparison = every ? 'equal' : 'greater';
  const left: Expression = {
    ...span,
    kind: 'compare',
    type: 'bool',
    comparison,
    left: size,
    right: constant(span, 0n),
  };
  return { ...span, kind: every ? 'or' : 'and', type: 'bool', left, right: quantified };
}
