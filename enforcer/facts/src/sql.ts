/** SQL for PostgreSQL: text in, facts out; decision in, text that may run out. */
import { REQUEST_ERRORS } from '@sluice/schemas';
import { refused, type Result } from './result.js';
import type { Catalog } from './sql/catalog.js';
import { classifyInline, INLINE_LIMIT_BYTES, type ClassifiedSql } from './sql/classify.js';

/** Longer texts are refused as too large. */
export const TEXT_LIMIT_BYTES = 1024 * 1024;

/** Bounds of the cache of judged texts. */
const CACHE_ENTRIES = 2000;
const CACHE_CHARACTERS = 4 * 1024 * 1024;

const cache = new Map<string, Result<ClassifiedSql>>();
let cachedCharacters = 0;

/**
 * Judges one text, of one statement or several. Small texts only (`isLarge` says); the answer for exactly this
 * text and this version of the catalog is kept.
 */
export function classifySql(text: string, catalog: Catalog): Result<ClassifiedSql> {
  if (isLarge(text)) return refused(REQUEST_ERRORS.too_large, tooLarge(text));
  const key = `${catalog.version}\0${text}`;
  const known = cache.get(key);
  if (known !== undefined) {
    cache.delete(key);
    cache.set(key, known);
    return known;
  }
  const classified = classifyInline(text, catalog);
  // A fault of ours may pass; only answers about the text itself are kept.
  if (classified.ok || classified.error !== REQUEST_ERRORS.internal) keep(key, classified);
  return classified;
}

/** True for texts that are not judged at once. */
export const isLarge = (text: string): boolean => Buffer.byteLength(text) > INLINE_LIMIT_BYTES;

const tooLarge = (text: string): string =>
  `the statement has ${Buffer.byteLength(text)} bytes; at most ${INLINE_LIMIT_BYTES} can be judged`;

function keep(key: string, classified: Result<ClassifiedSql>): void {
  cache.set(key, classified);
  cachedCharacters += key.length;
  for (const [oldest] of cache) {
    if (cache.size <= CACHE_ENTRIES && cachedCharacters <= CACHE_CHARACTERS) break;
    cache.delete(oldest);
    cachedCharacters -= oldest.length;
  }
}
