/**
 * From the text of a request to everything a policy may look at, and from the decision back to the text that may
 * run. A statement that touches no relation and calls no user function has no accesses; the caller adds `connect`.
 */
import type { Access, Facts, Mask } from '@sluice/schemas';
import { REQUEST_ERRORS } from '@sluice/schemas';
import type { Result } from '../result.js';
import { isAscii } from './byte-text.js';
import type { Catalog, Relation } from './catalog.js';
import { indexOf, type CatalogIndex } from './catalog-index.js';
import { questionsOf, type MaskQuestions } from './masks.js';
import type { Parsed } from './parser.js';
import { proveMasks } from './prove.js';
import { attempt, refuse } from './refusal.js';
import { rewriteText } from './rewrite.js';
import { namesOf } from './relation-names.js';
import { Tokens } from './tokens.js';
import { verifyFound, verifyPins } from './verify-pins.js';
import { verifyRewrite } from './verify.js';
import type { Findings } from './walk/findings.js';
import { kindOf, walk } from './walk/walk.js';

export interface StatementSummary {
  /** As in the fact `sql.kind`. */
  readonly kind: string;
  /** True when it changes nothing but the session. */
  readonly readOnly: boolean;
}

export interface ClassifiedSql {
  readonly statements: readonly StatementSummary[];
  readonly accesses: readonly Access[];
  /** Columns to ask masks for: of every relation touched, under each name that a rule may know them by. */
  readonly columns: readonly string[];
  /** Every `sql.*` fact but `sql.estimated_rows`. */
  readonly facts: Facts;
  readonly writes: boolean;
  /** The text to send, with masks given by index into `columns`; or why that would not be sound. */
  rewrite(masks: ReadonlyMap<number, Mask>): Result<RewrittenSql>;
}

/** One masked column of one relation, as RowDescription would name it. */
export interface MaskedColumn {
  readonly relationOid: number;
  readonly number: number;
  readonly column: string;
  readonly mask: Mask;
}

export interface RewrittenSql {
  readonly text: string;
  /** Error texts may then carry what the masks hide (the failing row of an UPDATE), and must be scrubbed. */
  readonly touchesMasked: boolean;
  readonly maskedColumns: readonly MaskedColumn[];
  /** A 1-based character position in `text` (as in an error) to the one in the client's own text. */
  mapPosition(position: number): number;
}

export function classifyParsed(parsed: Parsed, catalog: Catalog): Result<ClassifiedSql> {
  return attempt(() => {
    const index = indexOf(catalog);
    const tokens = new Tokens(parsed.bytes, parsed.tokens);
    const findings = walk(parsed, tokens, index);
    verifyFound(parsed.statements, findings);
    return new Classified(findings, questionsOf(findings.uses, index), tokens, index);
  });
}

/** The parser stops at NUL and the server would not; half a surrogate pair has no UTF-8 form. */
export function unreadable(text: string): string | undefined {
  if (text.includes('\0')) return 'the statement holds a NUL character';
  return !isAscii(text) && /\p{Surrogate}/u.test(text) ? 'the statement is not valid Unicode' : undefined;
}

class Classified implements ClassifiedSql {
  readonly statements: readonly StatementSummary[];
  readonly accesses: readonly Access[];
  readonly columns: readonly string[];
  readonly facts: Facts;
  readonly writes: boolean;
  readonly #findings: Findings;
  readonly #questions: MaskQuestions;
  readonly #tokens: Tokens;
  readonly #index: CatalogIndex;
  readonly #rewrites = new Map<string, Result<RewrittenSql>>();

  constructor(findings: Findings, questions: MaskQuestions, tokens: Tokens, index: CatalogIndex) {
    this.#findings = findings;
    this.#questions = questions;
    this.#tokens = tokens;
    this.#index = index;
    this.statements = findings.statements.map(({ kind, writes }) => ({ kind, readOnly: !writes }));
    this.accesses = findings.accesses;
    this.columns = questions.columns;
    this.facts = factsOf(findings);
    this.writes =
      findings.statements.some(({ writes }) => writes) ||
      findings.accesses.some(({ action }) => action === 'call');
  }

  rewrite(masks: ReadonlyMap<number, Mask>): Result<RewrittenSql> {
    const key = [...masks].map(([column, mask]) => `${column}:${mask}`).join(' ');
    const known = this.#rewrites.get(key);
    if (known) return known;
    const rewritten = attempt(() => this.#rewrite(masks));
    if (this.#rewrites.size >= MAX_REWRITES) this.#rewrites.clear();
    this.#rewrites.set(key, rewritten);
    return rewritten;
  }

  #rewrite(masks: ReadonlyMap<number, Mask>): RewrittenSql {
    for (const column of masks.keys()) {
      if (this.columns[column] === undefined) refuse(REQUEST_ERRORS.internal, 'a mask of an unknown column');
    }
    const answers = this.#questions.answer(masks);
    proveMasks(this.#findings, answers);
    const spliced = rewriteText(this.#findings, answers, this.#tokens);
    // A mask is never applied but to a text that was parsed again.
    if (answers.size > 0 || !verifyPins(this.#tokens, spliced)) {
      verifyRewrite(spliced.text, this.#findings, answers, this.#index);
    }
    const maskedColumns = [...answers].flatMap(([relation, { columns }]) => maskedOf(relation, columns));
    return {
      text: spliced.text,
      touchesMasked: maskedColumns.length > 0,
      maskedColumns,
      mapPosition: (position) => spliced.mapPosition(position),
    };
  }
}

/** Policies differ by group, so one text has few sets of masks. */
const MAX_REWRITES = 16;

function maskedOf(relation: Relation, columns: ReadonlyMap<string, Mask>): readonly MaskedColumn[] {
  const names = namesOf(relation);
  return relation.columns.flatMap((column) => {
    const mask = columns.get(column.name);
    if (mask === undefined) return [];
    const canonical = names.columns.get(column.name) ?? column.name;
    return [{ relationOid: relation.oid, number: column.number, column: canonical, mask }];
  });
}

function factsOf(findings: Findings): Facts {
  const { statements, limits } = findings;
  const known = limits.filter((limit) => limit !== undefined);
  const limit = known.length === limits.length ? max(known) : undefined;
  return {
    'sql.kind': kindOf(findings),
    'sql.statements': BigInt(statements.length),
    'sql.tables': [...findings.tables].sort(),
    'sql.columns': [...findings.columns].sort(),
    'sql.functions': [...findings.functions].sort(),
    'sql.has_where': findings.hasWhere,
    'sql.limit': limit,
    'sql.joins': BigInt(findings.joins),
  };
}

const max = (values: readonly bigint[]): bigint | undefined =>
  values.reduce<bigint | undefined>(
    (most, value) => (most === undefined || value > most ? value : most),
    undefined,
  );
