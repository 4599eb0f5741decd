/**
 * Statements that change or maintain what a database holds: each becomes an access on the object it names, so
 * that a rule can deny or permit it. Only forms whose objects are all named are known; CASCADE, which reaches
 * others, is refused, as is whatever could run an expression over the columns.
 */
import { canonicalName, quoted } from '../identifier.js';
import { bodyOf, child, choice, list, location, names, only, text, type Raw } from '../raw.js';
import { unsupported } from '../refusal.js';
import type { RelationUse } from './findings.js';
import { resolveType } from './names.js';
import { findRelation, noteUse, readRange } from './relations.js';
import { Scope } from './scope.js';
import type { Walker } from './walker.js';

type DefinitionWalk = (walker: Walker, node: Raw) => void;

export const DEFINITIONS: Readonly<Record<string, DefinitionWalk>> = {
  TruncateStmt: (walker, node) => {
    only('TruncateStmt', node, 'relations', 'restart_seqs', 'behavior');
    restricted(node);
    for (const relation of list(node, 'relations')) {
      touch(walker, bodyOf(relation, 'RangeVar'), 'truncate', 'named');
    }
  },
  LockStmt: (walker, node) => {
    only('LockStmt', node, 'relations', 'mode', 'nowait');
    for (const relation of list(node, 'relations'))
      touch(walker, bodyOf(relation, 'RangeVar'), 'lock', 'named');
  },
  RefreshMatViewStmt: (walker, node) => {
    only('RefreshMatViewStmt', node, 'relation', 'concurrent', 'skipData');
    touch(walker, child(node, 'relation') ?? unsupported('REFRESH of nothing'), 'refresh', 'named');
  },
  VacuumStmt: walkVacuum,
  DropStmt: walkDrop,
  CommentStmt: walkComment,
  CreateStmt: walkCreate,
  AlterTableStmt: walkAlter,
  RenameStmt: (walker, node) => {
    only(
      'RenameStmt',
      node,
      'renameType',
      'relationType',
      'relation',
      'subname',
      'newname',
      'behavior',
      'missing_ok',
    );
    choice(node, 'renameType', 'OBJECT_TABLE', 'OBJECT_COLUMN', 'OBJECT_VIEW');
    touch(walker, child(node, 'relation') ?? unsupported('RENAME of this'), 'alter', 'changed');
  },
  GrantStmt: (walker, node) => {
    const who = ['privileges', 'grantees', 'grant_option', 'behavior'];
    only('GrantStmt', node, 'is_grant', 'targtype', 'objtype', 'objects', ...who);
    choice(node, 'targtype', 'ACL_TARGET_OBJECT');
    choice(node, 'objtype', 'OBJECT_TABLE');
    restricted(node);
    for (const object of list(node, 'objects')) touch(walker, bodyOf(object, 'RangeVar'), 'grant', 'named');
  },
};

function touch(walker: Walker, node: Raw, action: string, mode: RelationUse['mode']): void {
  const range = readRange(node);
  const relation = findRelation(walker, range.schema, range.name);
  walker.findings.accessTo(action, relation);
  noteUse(walker, node, range, relation, mode);
}

function restricted(node: Raw): void {
  if (node['behavior'] !== undefined && text(node, 'behavior') !== 'DROP_RESTRICT') unsupported('CASCADE');
}

function walkVacuum(walker: Walker, node: Raw): void {
  only('VacuumStmt', node, 'options', 'rels', 'is_vacuumcmd');
  for (const option of list(node, 'options')) {
    const element = bodyOf(option, 'DefElem');
    choice(element, 'defname', 'analyze', 'full', 'freeze', 'verbose', 'skip_locked');
  }
  if (list(node, 'rels').length === 0) unsupported('VACUUM or ANALYZE of every table');
  for (const entry of list(node, 'rels')) {
    const target = bodyOf(entry, 'VacuumRelation');
    only('VacuumRelation', target, 'relation', 'va_cols');
    const action = node['is_vacuumcmd'] === true ? 'vacuum' : 'analyze';
    touch(walker, child(target, 'relation') ?? unsupported('VACUUM of nothing'), action, 'named');
  }
}

/** The tree gives no positions here; the names are resolved by the same path that the server uses. */
function walkDrop(walker: Walker, node: Raw): void {
  only('DropStmt', node, 'objects', 'removeType', 'behavior', 'missing_ok');
  choice(node, 'removeType', 'OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW', 'OBJECT_SEQUENCE');
  restricted(node);
  for (const object of list(node, 'objects')) {
    const [first = '', second] = names(list(bodyOf(object, 'List'), 'items'));
    const [schema, name] = second === undefined ? ['', first] : [first, second];
    walker.findings.accessTo('drop', findRelation(walker, schema, name));
  }
}

function walkComment(walker: Walker, node: Raw): void {
  only('CommentStmt', node, 'objtype', 'object', 'comment');
  const kind = choice(node, 'objtype', 'OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_COLUMN');
  const parts = names(list(bodyOf(node['object'], 'List'), 'items'));
  const path = kind === 'OBJECT_COLUMN' ? parts.slice(0, -1) : parts;
  const [first = '', second] = path;
  const [schema, name] = second === undefined ? ['', first] : [first, second];
  walker.findings.accessTo('comment', findRelation(walker, schema, name));
}

/** A plain table of columns. Its name must not be taken by the time a rule judges it. */
function walkCreate(walker: Walker, node: Raw): void {
  only('CreateStmt', node, 'relation', 'tableElts', 'oncommit', 'if_not_exists');
  const body = child(node, 'relation') ?? unsupported('CREATE TABLE of nothing');
  const range = readRange(body);
  const schema = range.schema === '' ? walker.index.catalog.searchPath[0] : range.schema;
  if (schema === undefined) return unsupported('CREATE TABLE without a schema');
  const name = canonicalName(schema, range.name);
  walker.findings.access('create', name);
  walker.findings.tables.add(name);
  const at = walker.tokens.at(location(body));
  if (range.schema === '') {
    walker.tokens.nameEnd(at, [range.name]);
    const { start } = walker.tokens.token(at);
    walker.findings.pins.push({
      start,
      end: start,
      text: `${walker.tokens.gapBefore(start)}${quoted(schema)}.`,
    });
  }
  for (const element of list(node, 'tableElts')) walkColumn(walker, element);
}

function walkAlter(walker: Walker, node: Raw): void {
  only('AlterTableStmt', node, 'relation', 'cmds', 'objtype', 'missing_ok');
  choice(node, 'objtype', 'OBJECT_TABLE');
  touch(walker, child(node, 'relation') ?? unsupported('ALTER TABLE of nothing'), 'alter', 'changed');
  for (const entry of list(node, 'cmds')) {
    const command = bodyOf(entry, 'AlterTableCmd');
    only('AlterTableCmd', command, 'subtype', 'name', 'def', 'behavior', 'missing_ok');
    restricted(command);
    const kind = choice(
      command,
      'subtype',
      'AT_AddColumn',
      'AT_DropColumn',
      'AT_DropNotNull',
      'AT_SetNotNull',
    );
    if (kind === 'AT_AddColumn') walkColumn(walker, command['def']);
  }
}

/** A column with its type and the constraints that read nothing but constants. */
function walkColumn(walker: Walker, element: unknown): void {
  const column = bodyOf(element, 'ColumnDef');
  only('ColumnDef', column, 'colname', 'typeName', 'is_local', 'constraints', 'location');
  resolveType(walker, child(column, 'typeName') ?? unsupported('a column without a type'));
  for (const entry of list(column, 'constraints')) {
    const node = bodyOf(entry, 'Constraint');
    const flags = ['is_enforced', 'initially_valid', 'location'];
    only('Constraint', node, 'contype', 'raw_expr', ...flags);
    choice(
      node,
      'contype',
      'CONSTR_NOTNULL',
      'CONSTR_NULL',
      'CONSTR_DEFAULT',
      'CONSTR_PRIMARY',
      'CONSTR_UNIQUE',
    );
    walker.maybe(node['raw_expr'], new Scope());
  }
}
