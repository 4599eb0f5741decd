/** SELECT, VALUES and TABLE, with their WITH clause, set operations and locks. */
import { bodyOf, child, choice, list, location, names, only, text, typed, type Raw } from '../raw.js';
import { unsupported } from '../refusal.js';
import { walkWindow } from './expression.js';
import { walkFrom } from './from.js';
import { Scope } from './scope.js';
import type { Walker } from './walker.js';

const FIELDS = [
  'distinctClause',
  'targetList',
  'fromClause',
  'whereClause',
  'groupClause',
  'groupDistinct',
  'havingClause',
  'windowClause',
  'valuesLists',
  'sortClause',
  'limitOffset',
  'limitCount',
  'limitOption',
  'lockingClause',
  'withClause',
  'op',
  'all',
  'larg',
  'rarg',
] as const;

export function walkSelect(walker: Walker, node: Raw, outer: Scope): void {
  if (node['intoClause'] !== undefined) unsupported('SELECT INTO');
  only('SelectStmt', node, ...FIELDS);
  const scope = new Scope(outer);
  const firstUse = walker.findings.uses.length;
  walkWith(walker, child(node, 'withClause'), scope);
  const op = choice(node, 'op', 'SETOP_NONE', 'SETOP_UNION', 'SETOP_INTERSECT', 'SETOP_EXCEPT');
  if (op !== 'SETOP_NONE') {
    for (const arm of ['larg', 'rarg']) {
      walkSelect(walker, child(node, arm) ?? unsupported('half a set operation'), scope);
    }
  }
  walkFrom(walker, list(node, 'fromClause'), scope, isTableCommand(node));
  walkTargets(walker, list(node, 'targetList'), scope);
  for (const row of list(node, 'valuesLists')) walker.expression(row, scope);
  walker.maybe(node['whereClause'], scope);
  walker.expressions(list(node, 'groupClause'), scope);
  walker.maybe(node['havingClause'], scope);
  for (const window of list(node, 'windowClause')) walkWindow(walker, bodyOf(window, 'WindowDef'), scope);
  // DISTINCT without ON is a list with one empty node.
  const distinct = list(node, 'distinctClause').filter((entry) => Object.keys(entry ?? {}).length > 0);
  walker.expressions(distinct, scope);
  walker.expressions(list(node, 'sortClause'), scope);
  walker.maybe(node['limitOffset'], scope);
  walker.maybe(node['limitCount'], scope);
  walkLocks(walker, list(node, 'lockingClause'), firstUse);
}

/** The grammar writes `TABLE x` as `SELECT * FROM x` with a star that stands nowhere. */
function isTableCommand(node: Raw): boolean {
  const [target] = list(node, 'targetList');
  if (target === undefined) return false;
  const value = bodyOf(target, 'ResTarget')['val'];
  if (value === undefined) return false;
  const { type, node: body } = typed(value);
  return type === 'ColumnRef' && location(body) === -1;
}

/** Select lists and RETURNING. */
export function walkTargets(walker: Walker, targets: readonly unknown[], scope: Scope): void {
  for (const target of targets) {
    const node = bodyOf(target, 'ResTarget');
    only('ResTarget', node, 'name', 'val', 'location');
    walker.expression(node['val'], scope);
  }
}

/** A WITH clause: without RECURSIVE each query sees only those before it; with it, all see all. */
export function walkWith(walker: Walker, node: Raw | undefined, scope: Scope): void {
  if (node === undefined) return;
  only('WithClause', node, 'ctes', 'recursive', 'location');
  const ctes = list(node, 'ctes').map((cte) => bodyOf(cte, 'CommonTableExpr'));
  const recursive = node['recursive'] === true;
  if (recursive) for (const cte of ctes) scope.addCte(text(cte, 'ctename'));
  for (const cte of ctes) {
    const fields = ['ctename', 'aliascolnames', 'ctematerialized', 'ctequery'];
    only('CommonTableExpr', cte, ...fields, 'search_clause', 'cycle_clause', 'location');
    const search = child(cte, 'search_clause');
    const order = ['search_col_list', 'search_breadth_first', 'search_seq_column'];
    if (search) only('CTESearchClause', search, ...order, 'location');
    walkCycle(walker, child(cte, 'cycle_clause'), scope);
    names(list(cte, 'aliascolnames'));
    walker.preparable(typed(cte['ctequery']), new Scope(scope));
    scope.addCte(text(cte, 'ctename'));
  }
}

function walkCycle(walker: Walker, node: Raw | undefined, scope: Scope): void {
  if (node === undefined) return;
  const marks = ['cycle_mark_column', 'cycle_mark_value', 'cycle_mark_default', 'cycle_path_column'];
  only('CTECycleClause', node, 'cycle_col_list', ...marks, 'location');
  walker.maybe(node['cycle_mark_value'], scope);
  walker.maybe(node['cycle_mark_default'], scope);
}

/** FOR UPDATE and its kin lock what the query reads, subqueries included. */
function walkLocks(walker: Walker, clauses: readonly unknown[], firstUse: number): void {
  const { findings } = walker;
  for (const clause of clauses) {
    const node = bodyOf(clause, 'LockingClause');
    only('LockingClause', node, 'lockedRels', 'strength', 'waitPolicy');
    const labels = list(node, 'lockedRels').map((range) => text(bodyOf(range, 'RangeVar'), 'relname'));
    const uses = findings.uses.slice(firstUse);
    const named = uses.filter(({ label }) => labels.includes(label));
    // A label that is no relation is a subquery: everything inside it is locked, so all of it counts.
    const locked = labels.length > 0 && labels.every((label) => named.some((use) => use.label === label));
    for (const { relation } of locked ? named : uses) findings.accessTo('lock', relation);
  }
}
