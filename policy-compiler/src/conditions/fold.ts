/**
 * Computes what is known before any request comes. What always fails is reported: it is a mistake, whatever the
 * rest of the condition says.
 */
import { AUTHORING_ERRORS } from '@sluice/schemas';
import { constant, type Comparison, type Expression, type TextTest } from './expression.js';
import { calculate } from './int64.js';
import { problem, type ConditionProblem } from './problem.js';
import { automatonAccepts } from './regex/compile-regex.js';
import { compareText, lengthOf } from './text.js';

export function fold(expression: Expression, problems: ConditionProblem[]): Expression {
  const inner = (child: Expression): Expression => fold(child, problems);
  switch (expression.kind) {
    case 'constant':
    case 'list':
    case 'fact':
    case 'has':
      return expression;
    case 'not': {
      const operand = inner(expression.operand);
      const value = valueOf(operand);
      return typeof value === 'boolean' ? constant(expression, !value) : { ...expression, operand };
    }
    case 'and':
    case 'or':
      return foldLogic({ ...expression, left: inner(expression.left), right: inner(expression.right) });
    case 'choose': {
      const test = inner(expression.test);
      const whenTrue = inner(expression.whenTrue);
      const whenFalse = inner(expression.whenFalse);
      const value = valueOf(test);
      if (typeof value !== 'boolean') return { ...expression, test, whenTrue, whenFalse };
      return value ? whenTrue : whenFalse;
    }
    case 'negate':
    case 'arithmetic':
      return foldArithmetic(expression, inner, problems);
    case 'compare': {
      const left = inner(expression.left);
      const right = inner(expression.right);
      const [a, b] = [valueOf(left), valueOf(right)];
      if (a === undefined || b === undefined) return { ...expression, left, right };
      return constant(expression, compareValues(expression.comparison, a, b));
    }
    case 'in': {
      const element = inner(expression.element);
      const list = inner(expression.list);
      const value = valueOf(element);
      if (value === undefined || list.kind !== 'list') return { ...expression, element, list };
      return constant(
        expression,
        list.values.some((entry) => entry === value),
      );
    }
    case 'text': {
      const text = inner(expression.text);
      const part = inner(expression.part);
      const [a, b] = [valueOf(text), valueOf(part)];
      if (typeof a !== 'string' || typeof b !== 'string') return { ...expression, text, part };
      return constant(expression, testText(expression.test, a, b));
    }
    case 'matches': {
      const text = inner(expression.text);
      const value = valueOf(text);
      if (typeof value !== 'string') return { ...expression, text };
      return constant(expression, automatonAccepts(expression.automaton, value));
    }
    case 'size': {
      const operand = inner(expression.operand);
      if (operand.kind === 'list') return constant(expression, BigInt(operand.values.length));
      const value = valueOf(operand);
      if (typeof value !== 'string') return { ...expression, operand };
      return constant(expression, BigInt(lengthOf(value)));
    }
    case 'some':
    case 'every':
      return { ...expression, list: inner(expression.list), operand: inner(expression.operand) };
    case 'some_match':
    case 'every_match':
      break;
  }
  return { ...expression, list: inner(expression.list) };
}

const valueOf = (expression: Expression): boolean | bigint | string | undefined =>
  expression.kind === 'constant' ? expression.value : undefined;

/** False decides an `and`, true an `or`, even beside a failure; the other value leaves it to the other side. */
function foldLogic(expression: Expression & { kind: 'and' | 'or' }): Expression {
  const decides = expression.kind === 'or';
  const { left, right } = expression;
  const [a, b] = [valueOf(left), valueOf(right)];
  if (a === decides || b === decides) return constant(expression, decides);
  if (a === !decides) return right;
  return b === !decides ? left : expression;
}

function foldArithmetic(
  expression: Expression & { kind: 'negate' | 'arithmetic' },
  inner: (child: Expression) => Expression,
  problems: ConditionProblem[],
): Expression {
  const isNegation = expression.kind === 'negate';
  const left = isNegation ? constant(expression, 0n) : inner(expression.left);
  const right = inner(isNegation ? expression.operand : expression.right);
  const operation = isNegation ? 'subtract' : expression.operation;
  const [a, b] = [valueOf(left), valueOf(right)];
  const fails = (message: string): Expression => {
    problems.push(problem(AUTHORING_ERRORS.cel_always_fails, expression, message));
    return expression;
  };
  if (b === 0n && (operation === 'divide' || operation === 'modulo')) return fails('this divides by zero');
  if (typeof a !== 'bigint' || typeof b !== 'bigint') {
    return isNegation ? { ...expression, operand: right } : { ...expression, left, right };
  }
  const value = calculate(operation, a, b);
  return value === undefined ? fails('the result does not fit into 64 bits') : constant(expression, value);
}

function compareValues(
  comparison: Comparison,
  left: boolean | bigint | string,
  right: boolean | bigint | string,
): boolean {
  const order =
    typeof left === 'string' && typeof right === 'string'
      ? compareText(left, right)
      : left < right
        ? -1
        : left > right
          ? 1
          : 0;
  return {
    equal: order === 0,
    not_equal: order !== 0,
    less: order < 0,
    less_equal: order <= 0,
    greater: order > 0,
    greater_equal: order >= 0,
  }[comparison];
}

function testText(test: TextTest, text: string, part: string): boolean {
  if (test === 'starts_with') return text.startsWith(part);
  return test === 'ends_with' ? text.endsWith(part) : text.includes(part);
}
