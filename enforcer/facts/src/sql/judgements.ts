/** Judgements kept by exact text and version of the catalog, within bounds; the least recently used go first. */
import type { Result } from '../result.js';
import type { ClassifiedSql } from './classify.js';

export interface Bounds {
  readonly entries: number;
  /** Of all texts together; what is kept of a text grows with its length. */
  readonly characters: number;
}

export class Judgements {
  readonly #kept = new Map<string, Result<ClassifiedSql>>();
  #characters = 0;

  constructor(private readonly bounds: Bounds) {}

  recall(key: string): Result<ClassifiedSql> | undefined {
    const known = this.#kept.get(key);
    if (known === undefined) return undefined;
    this.#kept.delete(key); // the most recently used stand last
    this.#kept.set(key, known);
    return known;
  }

  keep(key: string, classified: Result<ClassifiedSql>): Result<ClassifiedSql> {
    // A fault of ours, or a parser that is being replaced, may pass: only what was judged is kept.
    if (!classified.ok) return classified;
    // A text may have been judged twice at once.
    if (this.#kept.delete(key)) this.#characters -= key.length;
    this.#kept.set(key, classified);
    this.#characters += key.length;
    for (const [oldest] of this.#kept) {
      if (this.#kept.size <= this.bounds.entries && this.#characters <= this.bounds.characters) break;
      this.#kept.delete(oldest);
      this.#characters -= oldest.length;
    }
    return classified;
  }
}
