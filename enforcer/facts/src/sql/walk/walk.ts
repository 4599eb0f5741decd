/** Walks a parsed text: one entry per statement kind. A kind that is not here is refused. */
import { REQUEST_ERRORS } from '@sluice/schemas';
import type { CatalogIndex } from '../catalog-index.js';
import type { Parsed } from '../parser.js';
import { bodyOf, child, choice, list, only, typed, type Raw, type Typed } from '../raw.js';
import { refuse, unsupported } from '../refusal.js';
import type { Tokens } from '../tokens.js';
import { walkDelete, walkInsert, walkUpdate } from './change.js';
import { DEFINITIONS } from './definition.js';
import { walkExpression } from './expression.js';
import { Findings } from './findings.js';
import { findRelation, noteUse, readRange } from './relations.js';
import { Scope } from './scope.js';
import { walkSelect } from './select.js';
import { walkSet, walkShow, walkTransaction } from './session.js';
import type { Walker } from './walker.js';

/** Deep enough for people and mappers, shallow enough for every stack on the way. */
const MAX_DEPTH = 600;

export function walk(parsed: Parsed, tokens: Tokens, index: CatalogIndex): Findings {
  const findings = new Findings();
  const walker = new StatementWalker(index, tokens, findings);
  for (const raw of parsed.statements) {
    only('RawStmt', raw, 'stmt', 'stmt_location', 'stmt_len');
    findings.statements.push({ kind: 'other', writes: false, arbiters: [], opaqueArbiter: false });
    findings.statement().kind = walker.top(typed(raw['stmt']));
  }
  return findings;
}

class StatementWalker implements Walker {
  #depth = 0;

  constructor(
    readonly index: CatalogIndex,
    readonly tokens: Tokens,
    readonly findings: Findings,
  ) {}

  /** A whole statement; gives its kind. */
  top({ type, node }: Typed): string {
    const definition = Object.hasOwn(DEFINITIONS, type) ? DEFINITIONS[type] : undefined;
    if (definition) {
      this.findings.statement().writes = true;
      definition(this, node);
      return 'other';
    }
    switch (type) {
      case 'SelectStmt':
        outermost(this, node);
        break;
      case 'TransactionStmt':
        walkTransaction(node);
        return 'transaction';
      case 'VariableSetStmt':
        walkSet(node);
        return 'set';
      case 'VariableShowStmt':
        walkShow(node);
        return 'other';
      case 'ExplainStmt':
        return walkExplain(this, node);
      case 'CopyStmt':
        return walkCopy(this, node);
    }
    return this.preparable({ type, node }, new Scope());
  }

  preparable({ type, node }: Typed, scope: Scope): string {
    switch (type) {
      case 'SelectStmt':
        this.query(node, scope);
        return 'select';
      case 'InsertStmt':
        this.#deeper(() => walkInsert(this, node, scope));
        return 'insert';
      case 'UpdateStmt':
        this.#deeper(() => walkUpdate(this, node, scope));
        return 'update';
      case 'DeleteStmt':
        this.#deeper(() => walkDelete(this, node, scope));
        return 'delete';
      default:
        return unsupported(`\`${type}\``);
    }
  }

  expression(value: unknown, scope: Scope): void {
    this.#deeper(() => walkExpression(this, value, scope));
  }

  expressions(values: readonly unknown[], scope: Scope): void {
    for (const value of values) this.expression(value, scope);
  }

  maybe(value: unknown, scope: Scope): void {
    if (value !== undefined) this.expression(value, scope);
  }

  query(node: Raw, scope: Scope): void {
    this.#deeper(() => walkSelect(this, node, scope));
  }

  #deeper(step: () => void): void {
    if (++this.#depth > MAX_DEPTH) refuse(REQUEST_ERRORS.too_large, 'the statement is nested too deeply');
    step();
    this.#depth--;
  }
}

/** Facts of an outermost select: its LIMIT, and whether each of its arms has a WHERE clause. */
function outermost({ findings }: StatementWalker, node: Raw): void {
  findings.limits.push(constantLimit(node['limitCount']));
  const everyArm = (select: Raw): boolean => {
    const [left, right] = [child(select, 'larg'), child(select, 'rarg')];
    return left && right ? everyArm(left) && everyArm(right) : select['whereClause'] !== undefined;
  };
  if (!everyArm(node)) findings.hasWhere = false;
}

function constantLimit(value: unknown): bigint | undefined {
  if (value === undefined) return undefined;
  const { type, node } = typed(value);
  const number = type === 'A_Const' ? child(node, 'ival') : undefined;
  if (number === undefined) return undefined;
  const { ival = 0 } = number;
  return typeof ival === 'number' ? BigInt(ival) : undefined;
}

/** EXPLAIN without ANALYZE: the query is judged as if it ran. */
function walkExplain(walker: StatementWalker, node: Raw): string {
  only('ExplainStmt', node, 'query', 'options');
  for (const option of list(node, 'options')) {
    const element = bodyOf(option, 'DefElem');
    only('DefElem', element, 'defname', 'arg', 'defaction', 'location');
    // ANALYZE runs the statement and counts rows; it is refused even where it says `false`.
    choice(element, 'defname', 'verbose', 'costs', 'format', 'summary', 'generic_plan');
  }
  const inner = typed(node['query']);
  if (inner.type === 'SelectStmt') outermost(walker, inner.node);
  walker.preparable(inner, new Scope());
  return 'explain';
}

/** COPY to the client alone, of a query or of a table. */
function walkCopy(walker: StatementWalker, node: Raw): string {
  if (node['is_from'] !== undefined) return unsupported('COPY FROM');
  if (node['is_program'] !== undefined || node['filename'] !== undefined) {
    return unsupported('COPY to a file or a program');
  }
  only('CopyStmt', node, 'relation', 'query', 'attlist', 'options');
  const known = ['format', 'header', 'delimiter', 'null', 'quote', 'escape', 'force_quote'] as const;
  for (const option of list(node, 'options')) choice(bodyOf(option, 'DefElem'), 'defname', ...known);
  const { findings } = walker;
  const first = findings.uses.length;
  const table = child(node, 'relation');
  if (table) {
    const range = readRange(table);
    const relation = findRelation(walker, range.schema, range.name);
    findings.accessTo('select', relation);
    noteUse(walker, table, range, relation, 'copied');
  } else {
    const query = bodyOf(node['query'], 'SelectStmt');
    outermost(walker, query);
    walker.query(query, new Scope());
  }
  for (const { relation } of findings.uses.slice(first)) findings.accessTo('copy', relation);
  return 'other';
}

export const kindOf = (findings: Findings): string => {
  const kinds = new Set(findings.statements.map(({ kind }) => kind));
  const [kind = 'other'] = kinds;
  return kinds.size > 1 ? 'multiple' : kind;
};
