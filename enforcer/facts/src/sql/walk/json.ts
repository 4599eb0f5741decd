/** SQL/JSON and XML expressions that are more than calls. Later ones of the standard are refused until known. */
import { child, list, only, type Raw } from '../raw.js';
import { resolveType } from './names.js';
import type { Scope } from './scope.js';
import type { Walker } from './walker.js';

type ExpressionWalk = (walker: Walker, node: Raw, scope: Scope) => void;

export const JSON_EXPRESSIONS: Readonly<Record<string, ExpressionWalk>> = {
  JsonObjectConstructor: (walker, node, scope) => {
    only('JsonObjectConstructor', node, 'exprs', 'output', 'absent_on_null', 'unique', 'location');
    output(walker, node);
    walker.expressions(list(node, 'exprs'), scope);
  },
  JsonArrayConstructor: (walker, node, scope) => {
    only('JsonArrayConstructor', node, 'exprs', 'output', 'absent_on_null', 'location');
    output(walker, node);
    walker.expressions(list(node, 'exprs'), scope);
  },
  JsonKeyValue: (walker, node, scope) => {
    only('JsonKeyValue', node, 'key', 'value');
    walker.expression(node['key'], scope);
    const value = child(node, 'value');
    if (value) jsonValue(walker, value, scope);
  },
  JsonValueExpr: jsonValue,
  JsonIsPredicate: (walker, node, scope) => {
    only('JsonIsPredicate', node, 'expr', 'format', 'item_type', 'unique_keys', 'location');
    format(node);
    walker.expression(node['expr'], scope);
  },
};

function jsonValue(walker: Walker, node: Raw, scope: Scope): void {
  only('JsonValueExpr', node, 'raw_expr', 'format');
  format(node);
  walker.expression(node['raw_expr'], scope);
}

function output(walker: Walker, node: Raw): void {
  const clause = child(node, 'output');
  if (clause === undefined) return;
  only('JsonOutput', clause, 'typeName', 'returning');
  const type = child(clause, 'typeName');
  if (type) resolveType(walker, type);
  const returning = child(clause, 'returning');
  if (returning) {
    only('JsonReturning', returning, 'format', 'typid', 'typmod');
    format(returning);
  }
}

function format(node: Raw): void {
  const clause = child(node, 'format');
  if (clause) only('JsonFormat', clause, 'format_type', 'encoding', 'location');
}
