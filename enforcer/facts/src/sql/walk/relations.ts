/** Finding the relation that a RangeVar names, and noting where it is written. */
import { REQUEST_ERRORS } from '@sluice/schemas';
import { mayBeOpened } from '../allow/relations.js';
import type { Relation } from '../catalog.js';
import { canonicalName } from '../identifier.js';
import { child, flag, list, location, names, only, text, type Raw } from '../raw.js';
import { refuse, unsupported } from '../refusal.js';
import { namesOf } from '../relation-names.js';
import type { RelationUse } from './findings.js';
import type { Walker } from './walker.js';

export interface NamedRange {
  readonly schema: string;
  readonly name: string;
  readonly alias: string | undefined;
  /** Names that the alias gives to columns. */
  readonly columns: readonly string[];
}

/** The names in a RangeVar; what it may not have is refused. */
export function readRange(node: Raw): NamedRange {
  only('RangeVar', node, 'schemaname', 'relname', 'inh', 'relpersistence', 'alias', 'location');
  if (text(node, 'relpersistence') !== 'p') unsupported('a temporary or unlogged table');
  const alias = child(node, 'alias');
  return {
    schema: text(node, 'schemaname'),
    name: text(node, 'relname'),
    ...readAlias(alias),
  };
}

export function readAlias(node: Raw | undefined): Pick<NamedRange, 'alias' | 'columns'> {
  if (node === undefined) return { alias: undefined, columns: [] };
  only('Alias', node, 'aliasname', 'colnames');
  return { alias: text(node, 'aliasname'), columns: names(list(node, 'colnames')) };
}

/** The catalog's relation of that name; unknown and never-open ones are refused. */
export function findRelation(walker: Walker, schema: string, name: string): Relation {
  const { index } = walker;
  const relation = schema === '' ? index.search(name) : index.relation(schema, name);
  if (relation === undefined) {
    const written = schema === '' ? canonicalName(name) : canonicalName(schema, name);
    if (schema !== '' && !mayBeOpened(schema, name)) return unsupported(`relation \`${written}\``);
    return refuse(REQUEST_ERRORS.unknown_relation, `relation \`${written}\` is not in the catalog`);
  }
  if (mayBeOpened(relation.schema, relation.name)) return relation;
  return unsupported(`relation \`${namesOf(relation).canonical}\``);
}

/** Notes that the relation is named here. `command`: written `TABLE x`. */
export function noteUse(
  walker: Walker,
  node: Raw,
  range: NamedRange,
  relation: Relation,
  mode: RelationUse['mode'],
  extra: Partial<Pick<RelationUse, 'command' | 'sample'>> = {},
): void {
  const { tokens, findings } = walker;
  const first = tokens.at(location(node));
  const last = tokens.nameEnd(first, range.schema === '' ? [range.name] : [range.schema, range.name]);
  const alone = !flag(node, 'inh');
  const [from, to] = withInheritance(walker, first, last, alone);
  const command = extra.command === true;
  const start = command ? from - 1 : from;
  if (command && !tokens.is(start, 'table')) unsupported('the way the TABLE command is written');
  findings.uses.push({
    relation,
    mode,
    extent: { start: tokens.token(start).start, end: tokens.token(to).end },
    name: { start: tokens.token(first).start, end: tokens.token(last).end },
    only: alone,
    aliased: range.alias !== undefined,
    label: range.alias ?? range.name,
    command,
    ...(extra.sample && { sample: extra.sample }),
    statement: findings.statements.length - 1,
  });
}

/** Widens the tokens of a name to its `ONLY`, `ONLY (...)` or `*`. */
function withInheritance(walker: Walker, first: number, last: number, alone: boolean): [number, number] {
  const { tokens } = walker;
  if (!alone) return tokens.is(last + 1, '*') ? [first, last + 1] : [first, last];
  if (tokens.is(first - 1, 'only')) return [first - 1, last];
  if (tokens.is(first - 1, '(') && tokens.is(first - 2, 'only') && tokens.is(last + 1, ')')) {
    return [first - 2, last + 1];
  }
  return unsupported('the way ONLY is written');
}
