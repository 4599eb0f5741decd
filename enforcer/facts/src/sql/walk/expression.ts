/** Expressions: one entry per node type that may stand in one. A type that is not here is refused. */
import { bodyOf, child, choice, flag, list, location, names, only, text, typed, type Raw } from '../raw.js';
import { SHOWABLE } from '../allow/settings.js';
import { unsupported } from '../refusal.js';
import { walkColumnRef, walkIndirection } from './columns.js';
import { JSON_EXPRESSIONS } from './json.js';
import { resolveFunction, resolveOperator, resolveType } from './names.js';
import type { Scope } from './scope.js';
import type { Walker } from './walker.js';

type ExpressionWalk = (walker: Walker, node: Raw, scope: Scope) => void;

const EXPRESSIONS: Readonly<Record<string, ExpressionWalk>> = {
  A_Const: (_walker, node) =>
    only('A_Const', node, 'ival', 'fval', 'boolval', 'sval', 'bsval', 'isnull', 'location'),
  ParamRef: (_walker, node) => only('ParamRef', node, 'number', 'location'),
  SetToDefault: (_walker, node) => only('SetToDefault', node, 'location'),
  ColumnRef: walkColumnRef,
  A_Indirection: walkIndirection,
  A_Expr: walkOperation,
  BoolExpr: (walker, node, scope) => {
    only('BoolExpr', node, 'boolop', 'args', 'location');
    choice(node, 'boolop', 'AND_EXPR', 'OR_EXPR', 'NOT_EXPR');
    walker.expressions(list(node, 'args'), scope);
  },
  NullTest: (walker, node, scope) => {
    only('NullTest', node, 'arg', 'nulltesttype', 'location');
    walker.expression(node['arg'], scope);
  },
  BooleanTest: (walker, node, scope) => {
    only('BooleanTest', node, 'arg', 'booltesttype', 'location');
    walker.expression(node['arg'], scope);
  },
  SubLink: walkSubLink,
  FuncCall: walkCall,
  NamedArgExpr: (walker, node, scope) => {
    only('NamedArgExpr', node, 'arg', 'name', 'argnumber', 'location');
    walker.expression(node['arg'], scope);
  },
  TypeCast: (walker, node, scope) => {
    only('TypeCast', node, 'arg', 'typeName', 'location');
    resolveType(walker, child(node, 'typeName') ?? unsupported('a cast to no type'));
    walker.expression(node['arg'], scope);
  },
  CollateClause: (walker, node, scope) => {
    only('CollateClause', node, 'arg', 'collname', 'location');
    names(list(node, 'collname'));
    walker.expression(node['arg'], scope);
  },
  CaseExpr: (walker, node, scope) => {
    only('CaseExpr', node, 'arg', 'args', 'defresult', 'location');
    if (node['arg'] !== undefined) resolveOperator(walker, ['=']);
    walker.maybe(node['arg'], scope);
    for (const branch of list(node, 'args')) {
      const when = bodyOf(branch, 'CaseWhen');
      only('CaseWhen', when, 'expr', 'result', 'location');
      walker.expression(when['expr'], scope);
      walker.expression(when['result'], scope);
    }
    walker.maybe(node['defresult'], scope);
  },
  CoalesceExpr: listOf('CoalesceExpr', 'args'),
  MinMaxExpr: (walker, node, scope) => {
    only('MinMaxExpr', node, 'op', 'args', 'location');
    walker.expressions(list(node, 'args'), scope);
  },
  A_ArrayExpr: (walker, node, scope) => {
    only('A_ArrayExpr', node, 'elements', 'location', 'list_start', 'list_end');
    walker.expressions(list(node, 'elements'), scope);
  },
  RowExpr: (walker, node, scope) => {
    only('RowExpr', node, 'args', 'row_format', 'location');
    walker.expressions(list(node, 'args'), scope);
  },
  List: (walker, node, scope) => {
    only('List', node, 'items');
    walker.expressions(list(node, 'items'), scope);
  },
  GroupingFunc: listOf('GroupingFunc', 'args'),
  GroupingSet: (walker, node, scope) => {
    only('GroupingSet', node, 'kind', 'content', 'location');
    walker.expressions(list(node, 'content'), scope);
  },
  SQLValueFunction: (_walker, node) => only('SQLValueFunction', node, 'op', 'typmod', 'location'),
  SortBy: (walker, node, scope) => {
    only('SortBy', node, 'node', 'sortby_dir', 'sortby_nulls', 'useOp', 'location');
    if (node['useOp'] !== undefined) resolveOperator(walker, names(list(node, 'useOp')));
    walker.expression(node['node'], scope);
  },
  MultiAssignRef: (walker, node, scope) => {
    only('MultiAssignRef', node, 'source', 'colno', 'ncolumns');
    // Every column of `(a, b) = (SELECT ...)` carries the same source: it is read once.
    if (location(node, 'colno') === 1) walker.expression(node['source'], scope);
  },
  ...JSON_EXPRESSIONS,
};

export function walkExpression(walker: Walker, value: unknown, scope: Scope): void {
  const { type, node } = typed(value);
  const walk = Object.hasOwn(EXPRESSIONS, type) ? EXPRESSIONS[type] : undefined;
  if (walk === undefined) return unsupported(`\`${type}\` in an expression`);
  walk(walker, node, scope);
}

function listOf(type: string, field: string): ExpressionWalk {
  return (walker, node, scope) => {
    only(type, node, field, 'location');
    walker.expressions(list(node, field), scope);
  };
}

/** Kinds of operation, with the operators that the server looks up by name for those that write none. */
const OPERATIONS: Readonly<Record<string, readonly string[] | undefined>> = {
  AEXPR_OP: undefined,
  AEXPR_OP_ANY: undefined,
  AEXPR_OP_ALL: undefined,
  AEXPR_DISTINCT: ['='],
  AEXPR_NOT_DISTINCT: ['='],
  AEXPR_NULLIF: ['='],
  AEXPR_IN: undefined,
  AEXPR_LIKE: undefined,
  AEXPR_ILIKE: undefined,
  AEXPR_SIMILAR: undefined,
  AEXPR_BETWEEN: ['>=', '<='],
  AEXPR_NOT_BETWEEN: ['<', '>'],
  AEXPR_BETWEEN_SYM: ['>=', '<='],
  AEXPR_NOT_BETWEEN_SYM: ['<', '>'],
};

function walkOperation(walker: Walker, node: Raw, scope: Scope): void {
  only('A_Expr', node, 'kind', 'name', 'lexpr', 'rexpr', 'location', 'rexpr_list_start', 'rexpr_list_end');
  const kind = text(node, 'kind');
  if (!Object.hasOwn(OPERATIONS, kind)) return unsupported(`the operation \`${kind}\``);
  const implied = OPERATIONS[kind];
  if (implied) for (const operator of implied) resolveOperator(walker, [operator]);
  else resolveOperator(walker, names(list(node, 'name')));
  walker.maybe(node['lexpr'], scope);
  walker.maybe(node['rexpr'], scope);
}

function walkSubLink(walker: Walker, node: Raw, scope: Scope): void {
  only('SubLink', node, 'subLinkType', 'testexpr', 'operName', 'subselect', 'location');
  const kinds = ['EXISTS_SUBLINK', 'ALL_SUBLINK', 'ANY_SUBLINK', 'EXPR_SUBLINK', 'ARRAY_SUBLINK'] as const;
  choice(node, 'subLinkType', ...kinds);
  if (node['testexpr'] !== undefined) {
    const operator = names(list(node, 'operName'));
    resolveOperator(walker, operator.length > 0 ? operator : ['=']);
    walker.expression(node['testexpr'], scope);
  }
  walker.query(bodyOf(node['subselect'], 'SelectStmt'), scope);
}

function walkCall(walker: Walker, node: Raw, scope: Scope): void {
  const options = ['agg_order', 'agg_filter', 'over', 'agg_within_group', 'agg_star', 'agg_distinct'];
  only('FuncCall', node, 'funcname', 'args', ...options, 'func_variadic', 'funcformat', 'location');
  const format = choice(node, 'funcformat', 'COERCE_EXPLICIT_CALL', 'COERCE_SQL_SYNTAX');
  const parts = names(list(node, 'funcname'));
  if (parts.at(-1) === 'current_setting') showsHarmless(walker, parts, list(node, 'args'));
  else resolveFunction(walker, parts, format === 'COERCE_EXPLICIT_CALL' ? location(node) : undefined);
  walker.expressions(list(node, 'args'), scope);
  walker.expressions(list(node, 'agg_order'), scope);
  walker.maybe(node['agg_filter'], scope);
  const over = child(node, 'over');
  if (over) walkWindow(walker, over, scope);
  flag(node, 'func_variadic');
}

/** `current_setting` of a constant name that may be shown. */
function showsHarmless(walker: Walker, parts: readonly string[], args: readonly unknown[]): void {
  const name = args.length === 0 ? undefined : typed(args[0]);
  const value = name?.type === 'A_Const' ? child(name.node, 'sval') : undefined;
  const setting = value ? text(value, 'sval').toLowerCase() : '';
  if (parts.length > 2 || (parts.length === 2 && parts[0] !== 'pg_catalog') || !SHOWABLE.has(setting)) {
    unsupported('function `current_setting` of this setting');
  }
  if (walker.index.functionSchemas('current_setting').length > 0) unsupported('function `current_setting`');
  walker.findings.functions.add('pg_catalog.current_setting');
}

/** `OVER (...)` and entries of the WINDOW clause. */
export function walkWindow(walker: Walker, node: Raw, scope: Scope): void {
  const offsets = ['frameOptions', 'startOffset', 'endOffset'];
  only('WindowDef', node, 'name', 'refname', 'partitionClause', 'orderClause', ...offsets, 'location');
  walker.expressions(list(node, 'partitionClause'), scope);
  walker.expressions(list(node, 'orderClause'), scope);
  walker.maybe(node['startOffset'], scope);
  walker.maybe(node['endOffset'], scope);
}
