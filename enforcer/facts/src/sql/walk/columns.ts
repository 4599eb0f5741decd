/**
 * Column references. `a.b` may be a column or, when `a` has none of that name, a call of function `b` on `a`
 * (`('/etc/passwd'::text).pg_read_file` reads a file): each name after a dot is therefore proved to be a column or
 * judged as a function.
 */
import { RESULT_FIELDS, SAFE_FUNCTIONS } from '../allow/functions.js';
import { isSystemSchema, SYSTEM_COLUMNS } from '../allow/relations.js';
import { columnNamed } from '../catalog-index.js';
import { canonicalName } from '../identifier.js';
import { bodyOf, list, location, names, only, typed, type Raw } from '../raw.js';
import { refuse, unsupported } from '../refusal.js';
import { REQUEST_ERRORS } from '@sluice/schemas';
import type { FromItem, Scope } from './scope.js';
import type { Walker } from './walker.js';

export function walkColumnRef(walker: Walker, node: Raw, scope: Scope): void {
  only('ColumnRef', node, 'fields', 'location');
  const fields = list(node, 'fields');
  const star = fields.length > 0 && typed(fields.at(-1)).type === 'A_Star';
  const parts = names(star ? fields.slice(0, -1) : fields);
  if (star) only('A_Star', bodyOf(fields.at(-1), 'A_Star'));
  refer(walker, parts, star, scope, location(node));
}

/** One reference; `at` is where it is written, -1 where the grammar supplied it. */
function refer(walker: Walker, parts: readonly string[], star: boolean, scope: Scope, at: number): void {
  const qualifiers = star ? parts : parts.slice(0, -1);
  const field = star ? undefined : parts.at(-1);
  const items = itemsMeant(walker, qualifiers, scope, at);
  const { findings } = walker;
  // A bare star means the items of its own FROM clause.
  const meant = star && qualifiers.length === 0 ? scope.items : items;
  findings.references.push({ names: parts, star, items: meant, statement: findings.statements.length - 1 });
  if (qualifiers.length > 0 && field !== undefined) {
    for (const item of items) proveColumn(walker, item, field);
  }
  noteColumns(walker, items, qualifiers.length === 0, field, scope);
}

function itemsMeant(
  walker: Walker,
  qualifiers: readonly string[],
  scope: Scope,
  at: number,
): readonly FromItem[] {
  const [first = '', second] = qualifiers;
  if (qualifiers.length === 0) return [];
  if (qualifiers.length > 2) return unsupported(`the name \`${canonicalName(...qualifiers)}\``);
  const items = second === undefined ? scope.itemsNamed(first) : scope.itemsOf(first, second);
  if (items.length === 0) {
    const name = canonicalName(...qualifiers);
    return refuse(REQUEST_ERRORS.unknown_relation, `nothing in the FROM clause is called \`${name}\``);
  }
  if (second !== undefined) {
    const { tokens } = walker;
    const index = tokens.at(at);
    const table = tokens.nameEnd(index, qualifiers);
    const extent = { start: tokens.token(index).start, end: tokens.token(table).start };
    walker.findings.qualified.push({ schema: first, table: second, extent });
  }
  return items;
}

/** Refuses `item.field` unless it is a column, or a function that may be called. */
function proveColumn(walker: Walker, item: FromItem, field: string): void {
  const ownName = item.kind === 'function' && field === item.name;
  // A function that gives one value has a column of its own name; one that gives rows has not, and then a function
  // of that name would be called: only a user's own function could be meant, and it is refused below.
  if (item.columns.includes(field) && !(ownName && walker.index.functionSchemas(field).length > 0)) return;
  if (item.relation) {
    if (columnNamed(item.relation, field) || SYSTEM_COLUMNS.has(field)) return;
  }
  callable(walker, field, item.kind !== 'function');
  if (item.kind === 'rows' || SAFE_FUNCTIONS.has(field)) return;
  if (item.kind === 'function' && RESULT_FIELDS.has(field)) return;
  if (walker.index.functionSchemas(field).length > 0) return;
  refuse(REQUEST_ERRORS.unknown_relation, `\`${canonicalName(item.name, field)}\` is not a known column`);
}

/** User functions that a field may call need a rule; on a plain value a built-in could be meant, so none pass. */
function callable(walker: Walker, field: string, record: boolean): void {
  for (const schema of walker.index.functionSchemas(field)) {
    const canonical = canonicalName(schema, field);
    if (!record) unsupported(`\`${field}\` in the notation of a column`);
    walker.findings.access('call', canonical);
    walker.findings.functions.add(canonical);
  }
}

/** `(expression).field`, `(expression)[1]`, `(expression).*`. */
export function walkIndirection(walker: Walker, node: Raw, scope: Scope): void {
  only('A_Indirection', node, 'arg', 'indirection');
  const [first, ...rest] = list(node, 'indirection');
  const whole = wholeRow(node['arg'], scope);
  const step = first === undefined ? undefined : typed(first);
  if (whole !== undefined && step !== undefined && step.type !== 'A_Indices') {
    const star = step.type === 'A_Star';
    // The bare name may as well be a column of that name, even of a plain type: the field is proved for both.
    if (!star) proveField(walker, names([first])[0] ?? '');
    refer(walker, star ? [whole] : [whole, ...names([first])], star, scope, -1);
    walkSteps(walker, rest, scope);
    return;
  }
  walker.expression(node['arg'], scope);
  walkSteps(walker, list(node, 'indirection'), scope);
}

/** The name of the FROM item whose whole row an expression is. */
function wholeRow(value: unknown, scope: Scope): string | undefined {
  const { type, node } = typed(value);
  if (type !== 'ColumnRef') return undefined;
  const fields = list(node, 'fields');
  const [field] = fields;
  if (fields.length !== 1 || typed(field).type !== 'String') return undefined;
  const [name = ''] = names(fields);
  return scope.itemsNamed(name).length > 0 ? name : undefined;
}

/** Subscripts, fields and stars after an expression or the name of a column that is assigned to. */
export function walkSteps(walker: Walker, steps: readonly unknown[], scope: Scope): void {
  for (const step of steps) {
    const { type, node } = typed(step);
    if (type === 'A_Indices') {
      only('A_Indices', node, 'is_slice', 'lidx', 'uidx');
      walker.maybe(node['lidx'], scope);
      walker.maybe(node['uidx'], scope);
    } else if (type === 'String') {
      const [field = ''] = names([step]);
      proveField(walker, field);
      walker.findings.references.push({
        names: ['', field],
        star: false,
        items: [],
        statement: walker.findings.statements.length - 1,
      });
    } else if (type === 'A_Star') {
      only('A_Star', node);
    } else {
      unsupported(`\`${type}\` after an expression`);
    }
  }
}

/** Built-in functions that take one value and are not safe: a field may never be called so. */
const UNSAFE_FIELD =
  /^(pg_.*|lo_.*|lo(read|write)|currtid2?|currval|nextval|setval|lastval|set_config|setseed|current_(query|setting)|ts_(stat|rewrite)|txid_.*|.*_to_xml(schema|_and_xmlschema)?|dblink.*|inet_.*)$/;

/** On a plain value, `.field` is a function call unless the value is composite and has that field. */
function proveField(walker: Walker, field: string): void {
  callable(walker, field, false);
  if (RESULT_FIELDS.has(field) || SAFE_FUNCTIONS.has(field)) return;
  if (UNSAFE_FIELD.test(field) || !walker.index.hasColumnNamed(field)) unsupported(`the field \`${field}\``);
}

/** The fact `sql.columns`: what a name may mean; all that it may, where it is not clear. */
function noteColumns(
  walker: Walker,
  meant: readonly FromItem[],
  bare: boolean,
  field: string | undefined,
  scope: Scope,
): void {
  const items = bare ? (field === undefined ? scope.items : scope.all()) : meant;
  for (const { name, relation } of items) {
    if (relation === undefined || isSystemSchema(relation.schema)) continue;
    const whole = field === undefined || (bare && field === name);
    for (const column of relation.columns) {
      if (whole || column.name === field) walker.findings.column(relation, column.name);
    }
  }
}
