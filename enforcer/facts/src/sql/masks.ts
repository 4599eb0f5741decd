/**
 * Where masks come from: relations read -> columns a rule may speak of -> masks decided -> masks of each column of
 * each relation. A column is asked about under its own name and under that of every parent and child that has it,
 * and a view under everything that its definition reads.
 */
import { MASKS, type Mask } from '@sluice/schemas';
import type { CatalogIndex } from './catalog-index.js';
import type { Relation } from './catalog.js';
import { canonicalName, splitCanonical } from './identifier.js';
import type { RelationUse } from './walk/findings.js';

export interface MaskQuestions {
  /** Canonical columns, without repetition; masks are decided by index into this list. */
  readonly columns: readonly string[];
  /** Turns the decided masks into those of each relation. */
  answer(masks: ReadonlyMap<number, Mask>): MaskAnswers;
}

export interface RelationMasks {
  /** By column name. */
  readonly columns: ReadonlyMap<string, Mask>;
  /** A masked column that the definition of this view reads; such a view cannot be opened. */
  readonly hidden: string | undefined;
}

export type MaskAnswers = ReadonlyMap<Relation, RelationMasks>;

interface Question {
  readonly relation: Relation;
  /** The relation's column, or undefined for a column that its definition reads. */
  readonly column: string | undefined;
}

export function questionsOf(uses: readonly RelationUse[], index: CatalogIndex): MaskQuestions {
  const relations = new Set(uses.map((use) => use.relation));
  const [relation] = relations;
  if (relation === undefined || relations.size > 1) return joined([...relations], index);
  let known = ofOne.get(index);
  if (known === undefined) ofOne.set(index, (known = new Map()));
  let questions = known.get(relation);
  if (questions === undefined) known.set(relation, (questions = joined([relation], index)));
  return questions;
}

/** Questions of statements about one relation, which most are: the same each time. */
const ofOne = new WeakMap<CatalogIndex, Map<Relation, MaskQuestions>>();

function joined(relations: readonly Relation[], index: CatalogIndex): MaskQuestions {
  const questions = new Map<string, Question[]>();
  const ask = (canonical: string, question: Question): void => {
    const asked = questions.get(canonical);
    if (asked) asked.push(question);
    else questions.set(canonical, [question]);
  };
  for (const relation of relations) {
    for (const column of relation.columns) {
      for (const alias of index.aliasesOf(relation, column)) ask(alias, { relation, column: column.name });
    }
    for (const read of relation.reads) {
      for (const alias of aliasesOfRead(read, index)) ask(alias, { relation, column: undefined });
    }
  }
  const columns = [...questions.keys()];
  const asked = [...questions.values()];
  return { columns, answer: (masks) => answer(asked, columns, masks) };
}

function aliasesOfRead(read: string, index: CatalogIndex): readonly string[] {
  const known = index.column(read);
  if (known) return [...index.aliasesOf(known.relation, known.column), read];
  const parts = splitCanonical(read);
  return parts ? [canonicalName(...parts), read] : [read];
}

function answer(
  questions: readonly (readonly Question[])[],
  columns: readonly string[],
  masks: ReadonlyMap<number, Mask>,
): MaskAnswers {
  const answers = new Map<Relation, { columns: Map<string, Mask>; hidden: string | undefined }>();
  for (const [position, mask] of masks) {
    for (const { relation, column } of questions[position] ?? []) {
      const found = answers.get(relation) ?? { columns: new Map<string, Mask>(), hidden: undefined };
      answers.set(relation, found);
      if (column === undefined) found.hidden ??= columns[position];
      else found.columns.set(column, stricter(found.columns.get(column), mask));
    }
  }
  return answers;
}

const stricter = (one: Mask | undefined, other: Mask): Mask =>
  one !== undefined && MASKS.indexOf(one) >= MASKS.indexOf(other) ? one : other;
