/** SQL for PostgreSQL: text in, facts out; decision in, text that may run out. */
import { REQUEST_ERRORS } from '@sluice/schemas';
import { refused, type Result } from './result.js';
import type { Catalog } from './sql/catalog.js';
import { classifyParsed, unreadable, type ClassifiedSql } from './sql/classify.js';
import { Judgements } from './sql/judgements.js';
import { parseLarge } from './sql/parse-large.js';
import { parse } from './sql/parser.js';

/** Texts up to this length are judged at once; longer ones by `classifySqlLarge`. */
export const INLINE_LIMIT_BYTES = 8 * 1024;
/** Longer texts are refused. */
export const TEXT_LIMIT_BYTES = 1024 * 1024;

/** What is kept of short texts and of long ones, so that a few long ones do not drive out many short ones. */
const short = new Judgements({ entries: 2000, characters: 4 * 1024 * 1024 });
const long = new Judgements({ entries: 200, characters: 2 * 1024 * 1024 });

/**
 * Judges one text, of one statement or several; `loadParser` must have been awaited. The answer for exactly this
 * text and this version of the catalog is kept. A text longer than `INLINE_LIMIT_BYTES` is refused here.
 */
export function classifySql(text: string, catalog: Catalog): Result<ClassifiedSql> {
  const key = keyOf(text, catalog);
  const known = short.recall(key);
  if (known !== undefined) return known;
  return short.keep(key, isLarge(text) ? tooLarge(text, INLINE_LIMIT_BYTES) : judge(text, catalog));
}

/** As `classifySql`, for texts of any length up to `TEXT_LIMIT_BYTES`: long ones are parsed in another thread. */
export async function classifySqlLarge(text: string, catalog: Catalog): Promise<Result<ClassifiedSql>> {
  if (!isLarge(text)) return classifySql(text, catalog);
  if (Buffer.byteLength(text) > TEXT_LIMIT_BYTES) return tooLarge(text, TEXT_LIMIT_BYTES);
  const key = keyOf(text, catalog);
  return long.recall(key) ?? long.keep(key, await judgeLarge(text, catalog));
}

/** True for texts that `classifySql` does not take. */
export const isLarge = (text: string): boolean =>
  text.length > INLINE_LIMIT_BYTES || Buffer.byteLength(text) > INLINE_LIMIT_BYTES;

const keyOf = (text: string, { version }: Catalog): string => `${version}\0${text}`;

async function judgeLarge(text: string, catalog: Catalog): Promise<Result<ClassifiedSql>> {
  const fault = unreadable(text);
  if (fault !== undefined) return refused(REQUEST_ERRORS.unparsed, fault);
  const parsed = await parseLarge(text);
  return parsed.ok ? classifyParsed(parsed.value, catalog) : parsed;
}

function judge(text: string, catalog: Catalog): Result<ClassifiedSql> {
  const fault = unreadable(text);
  if (fault !== undefined) return refused(REQUEST_ERRORS.unparsed, fault);
  const parsed = parse(text);
  return parsed.ok ? classifyParsed(parsed.value, catalog) : parsed;
}

function tooLarge(text: string, limitBytes: number): Result<never> {
  const message = `the statement has ${Buffer.byteLength(text)} bytes; at most ${limitBytes} can be judged here`;
  return refused(REQUEST_ERRORS.too_large, message);
}
