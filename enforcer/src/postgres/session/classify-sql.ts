/** What the data path asks of the classifier of SQL; `classifySql` of @sluice/facts fills it. */
import type { Access, Facts, Mask } from '@sluice/schemas';
import type { Catalog, Result, RewrittenSql } from '@sluice/facts';

/** The text that will run in place of what the client sent. */
export type Rewritten = Pick<RewrittenSql, 'text' | 'touchesMasked' | 'mapPosition'>;

export interface JudgedSql {
  readonly accesses: readonly Access[];
  readonly columns: readonly string[];
  readonly facts: Facts;
  readonly writes: boolean;
  /** Masks by index into `columns`. */
  rewrite(masks: ReadonlyMap<number, Mask>): Result<Rewritten>;
}

/** A promise only where the text is handed to another thread. Caches what it can. */
export type ClassifySql = (text: string, catalog: Catalog) => Result<JudgedSql> | Promise<Result<JudgedSql>>;
