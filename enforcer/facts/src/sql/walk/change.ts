/** INSERT, UPDATE and DELETE, on their own or inside a WITH clause. The target is never a CTE. */
import type { Relation } from '../catalog.js';
import { bodyOf, child, choice, list, only, text, type Raw } from '../raw.js';
import { unsupported } from '../refusal.js';
import { walkSteps } from './columns.js';
import { walkFrom } from './from.js';
import { findRelation, noteUse, readRange } from './relations.js';
import { Scope } from './scope.js';
import { walkTargets, walkWith } from './select.js';
import type { Walker } from './walker.js';

interface Target {
  readonly relation: Relation;
  readonly scope: Scope;
  /** References found before this statement's own; more afterwards means that it reads something. */
  readonly before: number;
}

export function walkInsert(walker: Walker, node: Raw, outer: Scope): void {
  const clauses = ['onConflictClause', 'returningClause', 'withClause'];
  only('InsertStmt', node, 'relation', 'cols', 'selectStmt', ...clauses, 'override');
  const outside = new Scope(outer);
  walkWith(walker, child(node, 'withClause'), outside);
  const { relation, scope } = openTarget(walker, node, 'insert', outside);
  assign(walker, list(node, 'cols'), scope);
  // The source does not see the target.
  if (node['selectStmt'] !== undefined) walker.query(bodyOf(node['selectStmt'], 'SelectStmt'), outside);
  walkConflict(walker, child(node, 'onConflictClause'), relation, scope);
  walkReturning(walker, child(node, 'returningClause'), relation, scope);
}

export function walkUpdate(walker: Walker, node: Raw, outer: Scope): void {
  const clauses = ['whereClause', 'fromClause', 'returningClause', 'withClause'];
  only('UpdateStmt', node, 'relation', 'targetList', ...clauses);
  const outside = new Scope(outer);
  walkWith(walker, child(node, 'withClause'), outside);
  const target = openTarget(walker, node, 'update', outside);
  walkFrom(walker, list(node, 'fromClause'), target.scope);
  assign(walker, list(node, 'targetList'), target.scope);
  narrow(walker, node, target);
}

export function walkDelete(walker: Walker, node: Raw, outer: Scope): void {
  only('DeleteStmt', node, 'relation', 'usingClause', 'whereClause', 'returningClause', 'withClause');
  const outside = new Scope(outer);
  walkWith(walker, child(node, 'withClause'), outside);
  const target = openTarget(walker, node, 'delete', outside);
  walkFrom(walker, list(node, 'usingClause'), target.scope);
  narrow(walker, node, target);
}

/** The target, visible to the statement's own expressions only. */
function openTarget(
  walker: Walker,
  node: Raw,
  action: 'insert' | 'update' | 'delete',
  outside: Scope,
): Target {
  const { findings } = walker;
  findings.statement().writes = true;
  const body = child(node, 'relation') ?? unsupported('a change of nothing');
  const range = readRange(body);
  const relation = findRelation(walker, range.schema, range.name);
  findings.accessTo(action, relation);
  noteUse(walker, body, range, relation, 'target');
  const scope = new Scope(outside);
  const name = range.alias ?? range.name;
  const aliased = range.alias !== undefined;
  scope.items.push({ name, kind: 'relation', relation, aliased, columns: range.columns });
  return { relation, scope, before: findings.references.length };
}

/** WHERE and RETURNING of an UPDATE or DELETE. Reading a column of the target needs `select`, as in PostgreSQL. */
function narrow(walker: Walker, node: Raw, { relation, scope, before }: Target): void {
  const { findings } = walker;
  if (node['whereClause'] === undefined) findings.hasWhere = false;
  walker.maybe(node['whereClause'], scope);
  if (findings.references.length > before) findings.accessTo('select', relation);
  walkReturning(walker, child(node, 'returningClause'), relation, scope);
}

/** `SET a = ..., (b, c) = (...)` and the column list of an INSERT. */
function assign(walker: Walker, targets: readonly unknown[], scope: Scope): void {
  for (const target of targets) {
    const node = bodyOf(target, 'ResTarget');
    only('ResTarget', node, 'name', 'indirection', 'val', 'location');
    walkSteps(walker, list(node, 'indirection'), scope);
    walker.maybe(node['val'], scope);
    const [{ relation } = {}] = scope.items;
    const name = text(node, 'name');
    if (relation?.columns.some((column) => column.name === name)) walker.findings.column(relation, name);
  }
}

function walkConflict(walker: Walker, node: Raw | undefined, relation: Relation, scope: Scope): void {
  if (node === undefined) return;
  only('OnConflictClause', node, 'action', 'infer', 'targetList', 'whereClause', 'location');
  const { findings } = walker;
  const infer = child(node, 'infer');
  if (infer) {
    only('InferClause', infer, 'indexElems', 'whereClause', 'conname', 'location');
    if (infer['conname'] !== undefined) findings.statement().opaqueArbiter = true;
    for (const element of list(infer, 'indexElems')) walkArbiter(walker, element, scope);
    walker.maybe(infer['whereClause'], scope);
    findings.accessTo('select', relation);
  }
  if (choice(node, 'action', 'ONCONFLICT_NOTHING', 'ONCONFLICT_UPDATE') === 'ONCONFLICT_NOTHING') return;
  findings.accessTo('update', relation);
  findings.accessTo('select', relation);
  const updating = new Scope(scope);
  updating.items.push({ name: 'excluded', kind: 'relation', relation, aliased: true, columns: [] });
  assign(walker, list(node, 'targetList'), updating);
  walker.maybe(node['whereClause'], updating);
}

function walkArbiter(walker: Walker, element: unknown, scope: Scope): void {
  const node = bodyOf(element, 'IndexElem');
  only('IndexElem', node, 'name', 'expr', 'collation', 'ordering', 'nulls_ordering', 'location');
  if (node['name'] !== undefined) walker.findings.statement().arbiters.push(text(node, 'name'));
  walker.maybe(node['expr'], scope);
}

function walkReturning(walker: Walker, node: Raw | undefined, relation: Relation, scope: Scope): void {
  if (node === undefined) return;
  only('ReturningClause', node, 'exprs');
  walker.findings.accessTo('select', relation);
  walkTargets(walker, list(node, 'exprs'), scope);
}
