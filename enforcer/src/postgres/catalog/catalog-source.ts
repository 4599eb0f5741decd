/**
 * Keeps the catalog of one backend: loads it, loads it again on a timer and once when a statement names
 * something unknown, and stops vouching for it when it could not be loaded for too long.
 */
import type { Catalog } from '@sluice/facts';
import type { PostgresUpstream } from '../connection.js';
import { buildCatalog, type CatalogRows } from './build-catalog.js';
import { ControlConnection } from './control-connection.js';
import { estimateRows } from './estimate-rows.js';
import * as queries from './queries.js';

export interface CatalogSource {
  /** Undefined when there is none, or it is too old to be trusted. */
  current(): Catalog | undefined;
  /** Loads it again, unless that was just done. Never rejects. */
  refresh(): Promise<void>;
  /** Rows that the planner expects of one statement; undefined when it cannot be asked. Never rejects. */
  estimateRows(text: string, hasParameters: boolean): Promise<bigint | undefined>;
  close(): Promise<void>;
}

export interface CatalogOptions {
  readonly refreshMs: number;
  /** How old the catalog may be when it cannot be loaded again. */
  readonly staleMs: number;
  readonly timeoutMs: number;
}

export const DEFAULT_CATALOG_OPTIONS: CatalogOptions = {
  refreshMs: 60_000,
  staleMs: 300_000,
  timeoutMs: 10_000,
};

/** Unknown names come from clients: however many they send, the backend is asked at most this often. */
const REFRESH_SPACING_MS = 1000;
const RETRY_MS = 2000;

export class BackendCatalog implements CatalogSource {
  readonly #control: ControlConnection;
  /** Apart: a plan that fails must not fail the transaction in which the catalog is read. */
  readonly #planner: ControlConnection;
  #catalog: Catalog | undefined;
  #loadedMs = -Infinity;
  #askedMs = -Infinity;
  #loading: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    upstream: PostgresUpstream,
    private readonly options: CatalogOptions,
    private readonly onFailure: (cause: unknown) => void,
    private readonly monotonicMs: () => number,
  ) {
    this.#control = new ControlConnection(upstream, options.timeoutMs);
    this.#planner = new ControlConnection(upstream, options.timeoutMs);
  }

  current(): Catalog | undefined {
    return this.monotonicMs() - this.#loadedMs <= this.options.staleMs ? this.#catalog : undefined;
  }

  refresh(): Promise<void> {
    if (this.#closed || this.monotonicMs() - this.#askedMs < REFRESH_SPACING_MS) {
      return this.#loading ?? Promise.resolve();
    }
    return (this.#loading ??= this.#load());
  }

  async estimateRows(text: string, hasParameters: boolean): Promise<bigint | undefined> {
    return estimateRows(this.#planner, text, hasParameters);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#loading;
    await Promise.all([this.#control.close(), this.#planner.close()]);
  }

  async #load(): Promise<void> {
    clearTimeout(this.#timer);
    this.#askedMs = this.monotonicMs();
    let waitMs = this.options.refreshMs;
    try {
      const rows = await this.#read();
      const loaded = buildCatalog(rows);
      // The same object while nothing changed: caches that hang on it stay warm.
      if (loaded.version !== this.#catalog?.version) this.#catalog = loaded;
      this.#loadedMs = this.#askedMs;
    } catch (cause) {
      // Fails closed: the old catalog ages until `current` no longer vouches for it.
      waitMs = Math.min(waitMs, RETRY_MS);
      this.onFailure(cause);
    } finally {
      this.#loading = undefined;
      if (!this.#closed) {
        this.#timer = setTimeout(() => {
          this.#askedMs = -Infinity;
          void this.refresh();
        }, waitMs).unref();
      }
    }
  }

  async #read(): Promise<CatalogRows> {
    const control = this.#control;
    // One statement at a time on one connection: the transaction makes them one picture.
    await control.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    try {
      const [path = '[]'] = await control.query(queries.SEARCH_PATH);
      // Types are printed in full only when nothing but pg_catalog is on the path.
      await control.query(`SET LOCAL search_path = ''`);
      const searchPath = (JSON.parse(path) as string[]).filter((schema) => schema !== 'pg_catalog');
      return {
        searchPath,
        relations: await this.#rows(queries.RELATIONS),
        columns: await this.#rows(queries.COLUMNS),
        parents: await this.#rows(queries.PARENTS),
        reads: await this.#rows(queries.VIEW_READS),
        functions: await this.#rows(queries.FUNCTIONS),
        operators: await this.#rows(queries.OPERATORS),
        types: await this.#rows(queries.TYPES),
      };
    } finally {
      // Fails closed: nothing was changed, and a broken connection fails the next question too.
      await control.query('ROLLBACK').catch(() => undefined);
    }
  }

  /** The shape of the rows is that of our own query. */
  async #rows<Row>(query: string): Promise<readonly Row[]> {
    const [json = '[]'] = await this.#control.query(queries.asJson(query));
    return JSON.parse(json) as readonly Row[];
  }
}
