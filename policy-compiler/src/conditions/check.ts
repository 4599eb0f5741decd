/** From the syntax tree of CEL to a typed expression, or to problems. What the byte code cannot say ends here. */
import { AUTHORING_ERRORS, type pb } from '@sluice/schemas';
import { MAX_CHECKS, MAX_PATTERNS } from './caps.js';
import { checkCall } from './check-call.js';
import { checkQuantifier } from './check-quantifier.js';
import { EACH_ENTRY, typeName, type Checker, type Scope } from './checker.js';
import { constant, type Expression } from './expression.js';
import { availability, findFact, suggestionFor } from './facts.js';
import { fitsInt64 } from './int64.js';
import type { Expr, ParsedCondition } from './parse-condition.js';
import { bad, fine, problem, type Checked, type ConditionProblem, type Span } from './problem.js';
import { compileRegex } from './regex/compile-regex.js';

export function checkCondition(parsed: ParsedCondition, protocols: readonly string[]): Checked<Expression> {
  const problems: ConditionProblem[] = [];
  const patterns = new Map<string, pb.Automaton>();
  let checks = 0;

  const checker: Checker = {
    parsed,
    check(expr, scope) {
      if (expr === undefined) return undefined;
      const span = parsed.spanOf(expr);
      if (++checks > MAX_CHECKS) {
        // Only macros over constant lists multiply; once is enough to say so.
        if (checks > MAX_CHECKS + 1) return undefined;
        const message = 'its macros over constant lists multiply to too many tests';
        return checker.report(span, AUTHORING_ERRORS.cel_too_large, message);
      }
      return checkNode(checker, expr, span, scope, protocols);
    },
    report(span, error, message, help) {
      problems.push(problem(error, span, message, help));
      return undefined;
    },
    unsupported: (expr, message, help) =>
      checker.report(parsed.spanOf(expr), AUTHORING_ERRORS.cel_unsupported, message, help),
    pattern(expr, pattern) {
      const known = patterns.get(pattern);
      if (known !== undefined) return known;
      if (patterns.size >= MAX_PATTERNS) {
        const message = `the condition has more than ${MAX_PATTERNS} patterns`;
        return checker.report(parsed.spanOf(expr), AUTHORING_ERRORS.cel_too_large, message);
      }
      const compiled = compileRegex(pattern);
      if (compiled.ok) {
        patterns.set(pattern, compiled.automaton);
        return compiled.automaton;
      }
      const span = spanInLiteral(parsed, expr, pattern, compiled);
      const message = `the pattern \`${shorten(pattern)}\` is refused: ${compiled.message}`;
      return checker.report(span, REGEX_ERRORS[compiled.reason], message);
    },
  };

  const value = checker.check(parsed.expr, new Map());
  if (value !== undefined && value.type !== 'bool') {
    const message = `a condition is a bool, this is ${typeName(value.type)}`;
    checker.report(value, AUTHORING_ERRORS.cel_type, message, 'Compare it with something.');
  }
  return value === undefined || problems.length > 0 ? bad(...problems) : fine(value);
}

const REGEX_ERRORS = {
  syntax: AUTHORING_ERRORS.regex_syntax,
  unsupported: AUTHORING_ERRORS.regex_unsupported,
  too_complex: AUTHORING_ERRORS.regex_too_complex,
};

const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}...` : text);

/** The very place in the pattern, when the literal spells it without escapes; else the whole literal. */
function spanInLiteral(
  parsed: ParsedCondition,
  expr: Expr,
  pattern: string,
  at: { offset: number; length: number },
): Span {
  const span = parsed.spanOf(expr);
  const inner = parsed.source.slice(span.from, span.to).indexOf(pattern);
  if (inner < 0) return span;
  const from = span.from + inner + at.offset;
  return { from, to: Math.min(from + at.length, span.to) };
}

function checkNode(
  checker: Checker,
  expr: Expr,
  span: Span,
  scope: Scope,
  protocols: readonly string[],
): Expression | undefined {
  const kind = expr.exprKind;
  switch (kind.case) {
    case 'constExpr':
      return checkLiteral(checker, expr, span);
    case 'identExpr':
    case 'selectExpr':
      return checkName(checker, expr, span, scope, protocols);
    case 'callExpr':
      return checkCall(checker, expr, kind.value, span, scope);
    case 'listExpr':
      return checkList(checker, expr, kind.value.elements, span, scope);
    case 'comprehensionExpr':
      return checkQuantifier(checker, expr, kind.value, span, scope);
    case 'structExpr':
    case undefined:
      break;
  }
  return checker.unsupported(expr, 'maps and messages are not supported');
}

function checkLiteral(checker: Checker, expr: Expr, span: Span): Expression | undefined {
  if (expr.exprKind.case !== 'constExpr') return undefined;
  const literal = expr.exprKind.value.constantKind;
  if (literal.case === 'boolValue' || literal.case === 'stringValue') return constant(span, literal.value);
  if (literal.case === 'int64Value') {
    if (fitsInt64(literal.value)) return constant(span, literal.value);
    const message = `the int ${literal.value} does not fit into 64 bits`;
    return checker.report(span, AUTHORING_ERRORS.cel_type, message, 'Ints go from -2^63 to 2^63 - 1.');
  }
  if (literal.case === 'doubleValue' || literal.case === 'uint64Value') {
    const message = `${literal.case === 'doubleValue' ? 'doubles' : 'unsigned ints'} are not supported`;
    const help = 'Every number is an int: write it without a point, an exponent or `u`.';
    return checker.unsupported(expr, message, help);
  }
  return checker.unsupported(
    expr,
    `${literal.case === 'nullValue' ? '`null` is' : 'bytes are'} not supported`,
  );
}

/** `a.b.c` as one name, or undefined when it is a field of something that is no name. */
export function dottedName(expr: Expr | undefined): string | undefined {
  const kind = expr?.exprKind;
  if (kind?.case === 'identExpr') return kind.value.name;
  if (kind?.case !== 'selectExpr') return undefined;
  const before = dottedName(kind.value.operand);
  return before === undefined ? undefined : `${before}.${kind.value.field}`;
}

function checkName(
  checker: Checker,
  expr: Expr,
  span: Span,
  scope: Scope,
  protocols: readonly string[],
): Expression | undefined {
  const name = dottedName(expr);
  if (name === undefined) return checker.unsupported(expr, 'fields of computed values are not supported');
  const variable = scope.get(name);
  if (variable === EACH_ENTRY) {
    return checker.unsupported(
      expr,
      `\`${name}\` can only stand on the left of one simple test`,
      `Write one of \`${name} == y\`, \`${name} != y\`, \`${name} in ys\`, \`${name}.startsWith(y)\`, endsWith, contains or matches.`,
    );
  }
  if (typeof variable === 'string' || typeof variable === 'bigint') return constant(span, variable);
  const testOnly = expr.exprKind.case === 'selectExpr' && expr.exprKind.value.testOnly;
  const within = checker.parsed.source.indexOf(name, span.from);
  const nameSpan = testOnly && within >= 0 ? { from: within, to: within + name.length } : span;
  const fact = findFact(name);
  if (fact === undefined) {
    const message = `\`${name}\` is not a fact`;
    return checker.report(nameSpan, AUTHORING_ERRORS.cel_unknown_fact, message, suggestionFor(name));
  }
  if (availability(fact, protocols) === 'none') {
    const provided = fact.protocols.join(', ');
    const message = `\`${name}\` is known for ${provided}, not for ${protocols.join(', ')}`;
    return checker.report(nameSpan, AUTHORING_ERRORS.cel_fact_unavailable, message);
  }
  return testOnly
    ? { ...span, kind: 'has', type: 'bool', fact }
    : { ...span, kind: 'fact', type: fact.type, fact };
}

function checkList(
  checker: Checker,
  expr: Expr,
  elements: readonly Expr[],
  span: Span,
  scope: Scope,
): Expression | undefined {
  if (elements.length === 0) {
    return checker.unsupported(expr, 'an empty list matches nothing', 'Write at least one entry.');
  }
  const entries = elements.map((element) => checker.check(element, scope));
  const strings: string[] = [];
  const ints: bigint[] = [];
  for (const entry of entries) {
    if (entry === undefined) return undefined;
    const value = entry.kind === 'constant' ? entry.value : undefined;
    if (typeof value === 'string') strings.push(value);
    else if (typeof value === 'bigint') ints.push(value);
    else {
      return checker.report(
        entry,
        AUTHORING_ERRORS.cel_unsupported,
        'entries of a list are string or int constants',
        'Compare with `==` and join with `||` instead.',
      );
    }
  }
  if (strings.length > 0 && ints.length > 0) {
    return checker.report(span, AUTHORING_ERRORS.cel_type, 'a list holds strings or ints, not both');
  }
  return strings.length > 0
    ? { ...span, kind: 'list', type: 'list(string)', values: strings }
    : { ...span, kind: 'list', type: 'list(int)', values: ints };
}
