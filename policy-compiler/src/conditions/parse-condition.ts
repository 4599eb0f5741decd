/** CEL text to a syntax tree whose nodes know where they stand. */
import { parse } from '@bufbuild/cel';
import { AUTHORING_ERRORS } from '@sluice/schemas';
import { MAX_SOURCE_DEPTH, MAX_SOURCE_LENGTH, MAX_TOKENS, MAX_TREE_DEPTH } from './caps.js';
import { bad, fine, problem, type Checked, type Span } from './problem.js';
import { closingEnd, depthOf, tokenize, type Token } from './tokens.js';

/** A node of the standard CEL syntax tree. */
export type Expr = ReturnType<typeof parse>['expr'];

export interface ParsedCondition {
  readonly source: string;
  readonly expr: Expr;
  /** Where a node begins and ends. */
  spanOf(expr: Expr): Span;
  /** Name of the macro that a node was expanded from, if it was. */
  macroOf(expr: Expr): string | undefined;
}

export function parseCondition(source: string): Checked<ParsedCondition> {
  const whole = { from: 0, to: source.length };
  const tooLarge = (what: string) => bad(problem(AUTHORING_ERRORS.cel_too_large, whole, what));
  if (source.length > MAX_SOURCE_LENGTH) {
    return tooLarge(`the condition has ${source.length} characters, at most ${MAX_SOURCE_LENGTH} are read`);
  }
  const surrogate = /\p{Surrogate}/u.exec(source);
  if (surrogate !== null) {
    const span = { from: surrogate.index, to: surrogate.index + 1 };
    return bad(problem(AUTHORING_ERRORS.cel_syntax, span, 'the condition holds half of a surrogate pair'));
  }
  const tokens = tokenize(source);
  if (tokens.length === 0) return bad(problem(AUTHORING_ERRORS.cel_syntax, whole, 'the condition is empty'));
  if (tokens.length > MAX_TOKENS) {
    return tooLarge(`the condition has ${tokens.length} tokens, at most ${MAX_TOKENS} are read`);
  }
  const depth = depthOf(tokens);
  if (depth > MAX_SOURCE_DEPTH) {
    return tooLarge(`the condition nests ${depth} deep, at most ${MAX_SOURCE_DEPTH} is read`);
  }
  let parsed;
  try {
    // The parser takes a comment to end in a newline.
    parsed = parse(`${source}\n`);
  } catch (cause) {
    // Fail closed: what the parser refuses, for whatever reason, is no condition.
    return bad(syntaxProblem(source, tokens, cause));
  }
  if (treeDepth(parsed.expr) > MAX_TREE_DEPTH) {
    return tooLarge(`the condition has more than ${MAX_TREE_DEPTH} operations inside each other`);
  }
  const positions = parsed.sourceInfo?.positions ?? {};
  const macroCalls = parsed.sourceInfo?.macroCalls ?? {};
  const offsetOf = (expr: Expr): number => positions[expr.id.toString()] ?? 0;
  return fine({
    source,
    expr: parsed.expr,
    spanOf: (expr) => spanOf(expr, offsetOf, tokens),
    macroOf: (expr) => {
      const kind = macroCalls[expr.id.toString()]?.exprKind;
      return kind?.case === 'callExpr' ? kind.value.function : undefined;
    },
  });
}

const INFIX = new Set([
  '&&',
  '||',
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  '+',
  '-',
  '*',
  '/',
  '%',
  'in',
  '?',
  ':',
]);

/** The parser's own messages list its whole grammar; what it stumbled over, and where, says more. */
function syntaxProblem(source: string, tokens: readonly Token[], cause: unknown) {
  const error = AUTHORING_ERRORS.cel_syntax;
  const location = (cause as { location?: { start?: { offset?: unknown } } }).location;
  const offset = location?.start?.offset;
  if (typeof offset !== 'number') {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return problem(error, { from: 0, to: source.length }, `the condition cannot be read: ${reason}`);
  }
  const quote = tokens.find(({ text }) => text === "'" || text === '"');
  if (quote !== undefined) return problem(error, quote, 'a string begins here and does not end');
  // The parser points at the operator when what it could not read is the operand behind it.
  const index = tokens.findIndex(({ to }) => to > offset);
  const token = tokens[INFIX.has(tokens[index]?.text ?? '') ? index + 1 : index];
  if (index < 0 || token === undefined) {
    const span = { from: source.length, to: source.length };
    return problem(error, span, 'the condition ends where more was expected');
  }
  if (token.text === '=') {
    return problem(error, token, 'unexpected `=`', 'Equality is written `==`.');
  }
  const help = token.text === '`' ? 'Strings are quoted with \' or ".' : error.help;
  return problem(error, token, `unexpected \`${token.text}\``, help);
}

function childrenOf(expr: Expr): readonly Expr[] {
  const { exprKind: kind } = expr;
  const present = (list: readonly (Expr | undefined)[]): Expr[] =>
    list.filter((child) => child !== undefined);
  if (kind.case === 'selectExpr') return present([kind.value.operand]);
  if (kind.case === 'callExpr') return present([kind.value.target, ...kind.value.args]);
  if (kind.case === 'listExpr') return kind.value.elements;
  if (kind.case === 'comprehensionExpr') return present([kind.value.iterRange, kind.value.loopStep]);
  if (kind.case !== 'structExpr') return [];
  const entries = kind.value.entries.flatMap(({ keyKind, value }) => [
    keyKind.case === 'mapKey' ? keyKind.value : undefined,
    value,
  ]);
  return present(entries);
}

/** Walks with its own stack: the depth is what is being measured. */
function treeDepth(root: Expr): number {
  let deepest = 0;
  let level: readonly Expr[] = [root];
  while (level.length > 0 && deepest <= MAX_TREE_DEPTH) {
    deepest++;
    level = level.flatMap(childrenOf);
  }
  return deepest;
}

/** From the first to the last token of a node and all its children, with the brackets of a call. */
function spanOf(expr: Expr, offsetOf: (expr: Expr) => number, tokens: readonly Token[]): Span {
  const offset = offsetOf(expr);
  const index = tokens.findIndex(({ to }) => to > offset);
  const token = tokens[index];
  const { exprKind: kind } = expr;
  // The parts of an expanded macro all claim to stand at its dot: only what it ranges over lies outside.
  const children = kind.case === 'comprehensionExpr' ? [kind.value.iterRange] : childrenOf(expr);
  const spans = children.flatMap((child) => (child ? [spanOf(child, offsetOf, tokens)] : []));
  // Where an operator between operands stands, the parser does not always say: its operands do.
  const isInfix = kind.case === 'callExpr' && /^(?:_\W|@in)/.test(kind.value.function);
  if (!isInfix || kind.value.function === '_[_]') {
    spans.push({ from: token?.from ?? offset, to: ownEnd(expr, token, index, tokens) });
  }
  return {
    from: Math.min(...spans.map(({ from }) => from)),
    to: Math.max(...spans.map(({ to }) => to)),
  };
}

/** End of a node's own tokens, its closing bracket included. */
function ownEnd(
  { exprKind: kind }: Expr,
  token: Token | undefined,
  index: number,
  tokens: readonly Token[],
): number {
  const isCall = kind.case === 'callExpr' && /^(?:\w+|_\[_\])$/.test(kind.value.function);
  const isHas = kind.case === 'selectExpr' && kind.value.testOnly;
  const isBracketed =
    kind.case === 'comprehensionExpr' || kind.case === 'listExpr' || kind.case === 'structExpr';
  if (isCall || isHas || isBracketed) return closingEnd(tokens, index);
  const next = tokens[index + 1];
  if (kind.case === 'selectExpr' || (kind.case === 'constExpr' && token?.text === '-')) {
    return next?.to ?? token?.to ?? 0;
  }
  return token?.to ?? 0;
}
