/** Operators and functions: which types they take, and what they become. */
import { AUTHORING_ERRORS, type pb } from '@sluice/schemas';
import { typeName, type Checker, type Scope } from './checker.js';
import type { Comparison, Expression, TextTest, Type } from './expression.js';
import type { Arithmetic } from './int64.js';
import type { Expr } from './parse-condition.js';
import type { Span } from './problem.js';

type Call = Extract<Expr['exprKind'], { case: 'callExpr' }>['value'];

/** The sign of each operator as written, and what it is. */
const COMPARISONS: Readonly<Record<string, readonly [string, Comparison]>> = {
  '_==_': ['==', 'equal'],
  '_!=_': ['!=', 'not_equal'],
  '_<_': ['<', 'less'],
  '_<=_': ['<=', 'less_equal'],
  '_>_': ['>', 'greater'],
  '_>=_': ['>=', 'greater_equal'],
};
const ARITHMETIC: Readonly<Record<string, readonly [string, Arithmetic]>> = {
  '_+_': ['+', 'add'],
  '_-_': ['-', 'subtract'],
  '_*_': ['*', 'multiply'],
  '_/_': ['/', 'divide'],
  '_%_': ['%', 'modulo'],
};
export const TEXT_TESTS: Readonly<Record<string, TextTest>> = {
  startsWith: 'starts_with',
  endsWith: 'ends_with',
  contains: 'contains',
};

export function checkCall(
  checker: Checker,
  expr: Expr,
  call: Call,
  span: Span,
  scope: Scope,
): Expression | undefined {
  const name = call.function;
  const comparison = COMPARISONS[name];
  const arithmetic = ARITHMETIC[name];
  if (comparison !== undefined) return compare(checker, call, span, scope, comparison);
  if (arithmetic !== undefined) return calculation(checker, call, span, scope, arithmetic);
  if (name === '_&&_' || name === '_||_') {
    const [left, right] = operands(checker, call, scope, name.slice(1, 3), ['bool', 'bool']);
    const kind = name === '_&&_' ? 'and' : 'or';
    return left && right && { ...span, kind, type: 'bool', left, right };
  }
  if (name === '!_' || name === '-_') {
    const type = name === '!_' ? 'bool' : 'int';
    const [operand] = operands(checker, call, scope, name.charAt(0), [type]);
    return operand && { ...span, kind: type === 'bool' ? 'not' : 'negate', type, operand };
  }
  if (name === '_?_:_') return choose(checker, call, span, scope);
  if (name === '@in') return membership(checker, call, span, scope);
  if (name === '_[_]') return checker.unsupported(expr, 'indexing with `[...]` is not supported');
  return checkFunction(checker, expr, call, span, scope);
}

/** Checks every argument; those of a wrong type are reported and undefined. */
function operands(
  checker: Checker,
  call: Call,
  scope: Scope,
  name: string,
  types: readonly Type[],
): readonly (Expression | undefined)[] {
  const args = call.target === undefined ? call.args : [call.target, ...call.args];
  return args.map((arg, i) => {
    const operand = checker.check(arg, scope);
    const type = types[i];
    if (operand === undefined || type === undefined || operand.type === type) return operand;
    const message = `\`${name}\` takes ${typeName(type)} here, this is ${typeName(operand.type)}`;
    return checker.report(operand, AUTHORING_ERRORS.cel_type, message);
  });
}

function compare(
  checker: Checker,
  call: Call,
  span: Span,
  scope: Scope,
  [sign, comparison]: readonly [string, Comparison],
): Expression | undefined {
  const [left, right] = operands(checker, call, scope, sign, []);
  if (left === undefined || right === undefined) return undefined;
  if (left.type !== right.type) {
    const message = `\`${sign}\` compares ${typeName(left.type)} with ${typeName(right.type)}`;
    return checker.report(span, AUTHORING_ERRORS.cel_type, message);
  }
  if (left.type.startsWith('list')) {
    const message = `\`${sign}\` does not compare lists`;
    const help = 'Ask for entries with `in`, exists or all, or for the number of them with size.';
    return checker.report(span, AUTHORING_ERRORS.cel_unsupported, message, help);
  }
  if (left.type === 'bool' && comparison !== 'equal' && comparison !== 'not_equal') {
    return checker.report(span, AUTHORING_ERRORS.cel_unsupported, `\`${sign}\` does not order bools`);
  }
  return { ...span, kind: 'compare', type: 'bool', comparison, left, right };
}

function calculation(
  checker: Checker,
  call: Call,
  span: Span,
  scope: Scope,
  [sign, operation]: readonly [string, Arithmetic],
): Expression | undefined {
  const [left, right] = operands(checker, call, scope, sign, []);
  if (left === undefined || right === undefined) return undefined;
  if (left.type === 'int' && right.type === 'int') {
    return { ...span, kind: 'arithmetic', type: 'int', operation, left, right };
  }
  if (sign === '+' && left.type === right.type && left.type !== 'bool') {
    const message = `joining ${left.type === 'string' ? 'strings' : 'lists'} with \`+\` is not supported`;
    const help = 'Compare the parts one by one, with startsWith, endsWith, contains or matches.';
    return checker.report(span, AUTHORING_ERRORS.cel_unsupported, message, help);
  }
  const message = `\`${sign}\` takes two ints, these are ${typeName(left.type)} and ${typeName(right.type)}`;
  return checker.report(span, AUTHORING_ERRORS.cel_type, message);
}

function choose(checker: Checker, call: Call, span: Span, scope: Scope): Expression | undefined {
  const [test, whenTrue, whenFalse] = operands(checker, call, scope, '? :', ['bool']);
  if (test === undefined || whenTrue === undefined || whenFalse === undefined) return undefined;
  if (whenTrue.type !== whenFalse.type) {
    const message = `the arms of \`? :\` are ${typeName(whenTrue.type)} and ${typeName(whenFalse.type)}`;
    return checker.report(span, AUTHORING_ERRORS.cel_type, message, 'Give both arms one type.');
  }
  return { ...span, kind: 'choose', type: whenTrue.type, test, whenTrue, whenFalse };
}

function membership(checker: Checker, call: Call, span: Span, scope: Scope): Expression | undefined {
  const [element, list] = operands(checker, call, scope, 'in', []);
  if (element === undefined || list === undefined) return undefined;
  if (!list.type.startsWith('list')) {
    const help =
      list.type === 'string' ? 'To find a part of a string, write `text.contains(part)`.' : undefined;
    const message = `\`in\` looks in a list, this is ${typeName(list.type)}`;
    return checker.report(list, AUTHORING_ERRORS.cel_type, message, help);
  }
  if (list.type !== `list(${element.type})`) {
    const message = `\`in\` looks for ${typeName(element.type)} in a ${list.type}`;
    return checker.report(span, AUTHORING_ERRORS.cel_type, message);
  }
  return { ...span, kind: 'in', type: 'bool', element, list };
}

function checkFunction(
  checker: Checker,
  expr: Expr,
  call: Call,
  span: Span,
  scope: Scope,
): Expression | undefined {
  const { function: name, target, args } = call;
  const test = TEXT_TESTS[name];
  if (test !== undefined || name === 'matches') {
    if (target === undefined || args.length !== 1) {
      return checker.unsupported(expr, `\`${name}\` is written \`text.${name}(...)\` with one argument`);
    }
    const [text, part] = operands(checker, call, scope, name, ['string', 'string']);
    if (text === undefined || part === undefined) return undefined;
    if (test !== undefined) return { ...span, kind: 'text', type: 'bool', test, text, part };
    const automaton = constantPattern(checker, args[0], part);
    return automaton && { ...span, kind: 'matches', type: 'bool', text, automaton };
  }
  if (name === 'size') {
    if (args.length !== (target === undefined ? 1 : 0)) {
      return checker.unsupported(expr, '`size` is written `size(x)` or `x.size()`');
    }
    const [operand] = operands(checker, call, scope, name, []);
    if (operand === undefined) return undefined;
    if (operand.type === 'string' || operand.type.startsWith('list')) {
      return { ...span, kind: 'size', type: 'int', operand };
    }
    const message = `\`size\` takes a string or a list, this is ${typeName(operand.type)}`;
    return checker.report(operand, AUTHORING_ERRORS.cel_type, message);
  }
  if (name === 'has') return checker.unsupported(expr, '`has` takes one fact', 'Write `has(sql.limit)`.');
  if (name === 'exists' || name === 'all') {
    const help = `Write \`list.${name}(x, x == "...")\`.`;
    return checker.unsupported(expr, `\`${name}\` takes a variable and a test of it`, help);
  }
  return checker.unsupported(expr, `the function \`${name}\` is not supported`);
}

/** Patterns become automata now, so they must be known now. */
export function constantPattern(
  checker: Checker,
  expr: Expr | undefined,
  pattern: Expression,
): pb.Automaton | undefined {
  if (expr === undefined) return undefined;
  if (pattern.kind === 'constant' && typeof pattern.value === 'string') {
    return checker.pattern(expr, pattern.value);
  }
  const help = 'Write the pattern as a literal; to compare with a fact use contains, startsWith or endsWith.';
  return checker.unsupported(expr, 'the pattern of `matches` must be a constant', help);
}
