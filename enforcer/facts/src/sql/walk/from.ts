/** The FROM clause: what each item is called, and what each reads. */
import { isSystemSchema } from '../allow/relations.js';
import { bodyOf, child, choice, flag, list, location, names, only, text, typed, type Raw } from '../raw.js';
import { unsupported } from '../refusal.js';
import type { Extent } from '../tokens.js';
import { resolveOperator, resolveType } from './names.js';
import { findRelation, noteUse, readAlias, readRange } from './relations.js';
import type { FromItem, Scope } from './scope.js';
import type { Walker } from './walker.js';

/** Names first, then contents: a join condition or a LATERAL item may refer to any item. */
export function walkFrom(walker: Walker, items: readonly unknown[], scope: Scope, command = false): void {
  for (const item of items) declare(walker, item, scope);
  if (items.length > 0) walker.findings.joins += relationsIn(items) - 1;
  for (const item of items) walkItem(walker, item, scope, command);
}

const relationsIn = (items: readonly unknown[]): number =>
  items.reduce<number>((sum, item) => {
    const { type, node } = typed(item);
    return sum + (type === 'JoinExpr' ? relationsIn([node['larg'], node['rarg']]) : 1);
  }, 0);

/** Puts what an item is called into the scope. */
function declare(walker: Walker, item: unknown, scope: Scope): void {
  const { type, node } = typed(item);
  if (type === 'JoinExpr') {
    declare(walker, node['larg'], scope);
    declare(walker, node['rarg'], scope);
    declareRows(node, 'alias', scope);
    declareRows(node, 'join_using_alias', scope);
  } else if (type === 'RangeVar') {
    scope.items.push(rangeItem(walker, node, scope));
  } else if (type === 'RangeTableSample') {
    scope.items.push(rangeItem(walker, bodyOf(node['relation'], 'RangeVar'), scope));
  } else if (type === 'RangeFunction') {
    scope.items.push(functionItem(node));
  } else {
    declareRows(node, 'alias', scope);
  }
}

function declareRows(node: Raw, field: string, scope: Scope): void {
  const { alias, columns } = readAlias(child(node, field));
  if (alias !== undefined) scope.items.push({ name: alias, kind: 'rows', aliased: true, columns });
}

function rangeItem(walker: Walker, node: Raw, scope: Scope): FromItem {
  const { schema, name, alias, columns } = readRange(node);
  const item = { name: alias ?? name, aliased: alias !== undefined, columns };
  if (schema === '' && scope.hasCte(name)) return { ...item, kind: 'rows' };
  return { ...item, kind: 'relation', relation: findRelation(walker, schema, name) };
}

/** A function's columns: those its alias or definition list names, and its own name for a single value. */
function functionItem(node: Raw): FromItem {
  const { alias, columns } = readAlias(child(node, 'alias'));
  const defined = list(node, 'coldeflist').map((column) => text(bodyOf(column, 'ColumnDef'), 'colname'));
  const [call] = list(node, 'functions').map((entry) => typed(list(bodyOf(entry, 'List'), 'items')[0]));
  const own = call?.type === 'FuncCall' ? (names(list(call.node, 'funcname')).at(-1) ?? '') : '';
  const name = alias ?? own;
  // Renamed columns hide the function's own.
  const single = columns.length > 0 ? [] : [name];
  return { name, kind: 'function', aliased: true, columns: [...columns, ...defined, ...single] };
}

function walkItem(walker: Walker, item: unknown, scope: Scope, command: boolean): void {
  const { type, node } = typed(item);
  switch (type) {
    case 'RangeVar':
      return walkRange(walker, node, scope, command);
    case 'RangeTableSample':
      return walkSample(walker, node, scope);
    case 'RangeSubselect':
      only('RangeSubselect', node, 'lateral', 'subquery', 'alias');
      return walker.query(bodyOf(node['subquery'], 'SelectStmt'), scope);
    case 'RangeFunction':
      return walkFunction(walker, node, scope);
    case 'JoinExpr':
      return walkJoin(walker, node, scope);
    default:
      return unsupported(`\`${type}\` in FROM`);
  }
}

function walkRange(walker: Walker, node: Raw, scope: Scope, command: boolean, sample?: Extent): void {
  const range = readRange(node);
  if (range.schema === '' && scope.hasCte(range.name)) {
    if (sample) unsupported('TABLESAMPLE of a CTE');
    return;
  }
  const relation = findRelation(walker, range.schema, range.name);
  walker.findings.accessTo('select', relation);
  noteUse(walker, node, range, relation, 'read', { command, ...(sample && { sample }) });
}

/** `TABLESAMPLE method (constants) [REPEATABLE (constant)]`: only constants, because the clause may move. */
function walkSample(walker: Walker, node: Raw, scope: Scope): void {
  only('RangeTableSample', node, 'relation', 'method', 'args', 'repeatable', 'location');
  const [method = '', ...more] = names(list(node, 'method'));
  if (more.length > 0 || !['system', 'bernoulli'].includes(method)) unsupported(`TABLESAMPLE \`${method}\``);
  for (const argument of [...list(node, 'args'), ...[node['repeatable']].filter(Boolean)]) {
    const { type } = typed(argument);
    if (type !== 'A_Const' && type !== 'ParamRef') unsupported('TABLESAMPLE of anything but a constant');
  }
  const { tokens } = walker;
  const at = tokens.at(location(node));
  if (!tokens.is(at - 1, 'tablesample')) unsupported('the way TABLESAMPLE is written');
  let end = tokens.closing(at + 1);
  if (tokens.is(end + 1, 'repeatable')) end = tokens.closing(end + 2);
  const extent = { start: tokens.token(at - 1).start, end: tokens.token(end).end };
  walkRange(walker, bodyOf(node['relation'], 'RangeVar'), scope, false, extent);
}

function walkFunction(walker: Walker, node: Raw, scope: Scope): void {
  only('RangeFunction', node, 'lateral', 'ordinality', 'is_rowsfrom', 'functions', 'alias', 'coldeflist');
  for (const entry of list(node, 'functions')) {
    const [call, definitions] = list(bodyOf(entry, 'List'), 'items');
    walker.expression(call, scope);
    if (definitions !== undefined && !isEmptyNode(definitions)) {
      walkDefinitions(walker, list(bodyOf(definitions, 'List'), 'items'));
    }
  }
  walkDefinitions(walker, list(node, 'coldeflist'));
}

/** Where there is no definition list, libpg-query prints an empty object. */
const isEmptyNode = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;

function walkDefinitions(walker: Walker, definitions: readonly unknown[]): void {
  for (const definition of definitions) {
    const column = bodyOf(definition, 'ColumnDef');
    only('ColumnDef', column, 'colname', 'typeName', 'is_local', 'location', 'collClause');
    resolveType(walker, child(column, 'typeName') ?? unsupported('a column without a type'));
  }
}

function walkJoin(walker: Walker, node: Raw, scope: Scope): void {
  only(
    'JoinExpr',
    node,
    'jointype',
    'isNatural',
    'larg',
    'rarg',
    'usingClause',
    'join_using_alias',
    'quals',
    'alias',
  );
  choice(node, 'jointype', 'JOIN_INNER', 'JOIN_LEFT', 'JOIN_FULL', 'JOIN_RIGHT');
  walkItem(walker, node['larg'], scope, false);
  walkItem(walker, node['rarg'], scope, false);
  const using = names(list(node, 'usingClause'));
  const natural = flag(node, 'isNatural');
  if (using.length > 0 || natural) resolveOperator(walker, ['=']);
  for (const { relation } of scope.items) {
    if (relation === undefined || isSystemSchema(relation.schema)) continue;
    for (const { name } of relation.columns) {
      if (natural || using.includes(name)) walker.findings.column(relation, name);
    }
  }
  walker.maybe(node['quals'], scope);
}
