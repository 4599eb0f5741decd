/** A statement on its way through the pipeline: the PostgreSQL part of each step. */
import { REQUEST_ERRORS, type Decision, type Facts } from '@sluice/schemas';
import type { Classified, Fault, ProtocolRequest, Step } from '../../pipeline/index.js';
import type { CatalogSource } from '../catalog/catalog-source.js';
import type { ParameterValue } from '../codec/client-messages.js';
import type { Result } from '@sluice/facts';
import type { ClassifySql, JudgedSql, Rewritten } from './classify-sql.js';

/** What all requests of a session share. */
export interface RequestContext {
  readonly connection: string;
  readonly catalog: CatalogSource;
  readonly classify: ClassifySql;
  /** Settings that change what a statement means; part of an approval's digest. */
  readonly settings: string;
  readonly signal: AbortSignal;
  /** Called before something may take long. */
  onWait(approvalId?: string): void;
}

/** Kinds whose plan says how many rows they concern. */
const PLANNED_KINDS = new Set(['select', 'insert', 'update', 'delete', 'merge']);
const HAS_PARAMETER = /\$\d/;

export class SqlRequest implements ProtocolRequest<Rewritten> {
  readonly settings: string;
  readonly signal: AbortSignal;
  #sql: JudgedSql | undefined;
  #inquired: Facts = {};

  /** `prepared` is what the backend prepared, when this is a later execution: nothing else may run. */
  constructor(
    private readonly context: RequestContext,
    readonly text: string,
    readonly parameters: readonly ParameterValue[],
    private readonly prepared?: Rewritten,
  ) {
    this.settings = context.settings;
    this.signal = context.signal;
  }

  /** What is known of the statement; empty before it was classified. */
  get facts(): Facts {
    return { ...this.#sql?.facts, ...this.#inquired };
  }

  classify(): Step<Classified> | Promise<Step<Classified>> {
    const step = this.#classifyNow();
    return step instanceof Promise ? step.then((late) => this.#orAgain(late)) : this.#orAgain(step);
  }

  /** What a statement names but the catalog does not know was perhaps made a moment ago. */
  #orAgain(step: Step<Classified>): Step<Classified> | Promise<Step<Classified>> {
    if (step.ok || step.error.code !== REQUEST_ERRORS.unknown_relation.code) return step;
    const { catalog } = this.context;
    const before = catalog.current();
    return catalog.refresh().then(() => (catalog.current() === before ? step : this.#classifyNow()));
  }

  #classifyNow(): Step<Classified> | Promise<Step<Classified>> {
    const catalog = this.context.catalog.current();
    if (catalog === undefined) {
      const error = REQUEST_ERRORS.catalog_unavailable;
      return { ok: false, error, message: error.title };
    }
    const result = this.context.classify(this.text, catalog);
    return result instanceof Promise ? result.then((late) => this.#keep(late)) : this.#keep(result);
  }

  #keep(result: Result<JudgedSql>): Step<Classified> {
    if (!result.ok) return result;
    const sql = result.value;
    if (sql.accesses.some(({ action }) => action === 'copy')) {
      return { ok: false, error: REQUEST_ERRORS.unsupported, message: 'COPY is not supported' };
    }
    this.#sql = sql;
    const { columns, facts, writes } = sql;
    const connect = { action: 'connect', resource: this.context.connection };
    const accesses = sql.accesses.length > 0 ? sql.accesses : [connect];
    return { ok: true, value: { accesses, columns, facts, writes } };
  }

  /** The planner is asked about the pinned text, and only where planning runs nobody's code. */
  async inquire(names: ReadonlySet<string>): Promise<Facts> {
    const sql = this.#sql;
    if (sql === undefined || !names.has('sql.estimated_rows') || !isPlannable(sql.facts)) return {};
    const pinned = sql.rewrite(new Map());
    if (!pinned.ok) return {};
    this.context.onWait();
    const { text } = pinned.value;
    const rows = await this.context.catalog.estimateRows(text, HAS_PARAMETER.test(text));
    this.#inquired = { 'sql.estimated_rows': rows };
    return this.#inquired;
  }

  prepare(decision: Decision): Step<Rewritten> {
    const rewritten = this.#sql?.rewrite(decision.masks);
    if (rewritten === undefined) throw new Error('a statement is rewritten before it is classified');
    if (!rewritten.ok) return rewritten;
    if (this.prepared !== undefined && rewritten.value.text !== this.prepared.text) {
      const error = REQUEST_ERRORS.changed_since_prepared;
      return { ok: false, error, message: error.title };
    }
    return rewritten;
  }

  waiting(approvalId: string): void {
    this.context.onWait(approvalId);
  }
}

function isPlannable(facts: Facts): boolean {
  const functions = facts['sql.functions'];
  const kind = facts['sql.kind'];
  return (
    facts['sql.statements'] === 1n &&
    typeof kind === 'string' &&
    PLANNED_KINDS.has(kind) &&
    Array.isArray(functions) &&
    // A function of a user that calls itself immutable is run by the planner.
    functions.every((name: string) => name.startsWith('pg_catalog.'))
  );
}

/** A message that is refused before there is anything to judge; it goes through the pipeline to be recorded. */
export class FaultyRequest implements ProtocolRequest<never> {
  readonly parameters = [];
  readonly settings = '';
  readonly signal: AbortSignal = new AbortController().signal;

  constructor(
    private readonly fault: Fault,
    /** What can be said of the message. */
    readonly text: string,
  ) {}

  classify(): Step<Classified> {
    return { ok: false, ...this.fault };
  }

  async inquire(): Promise<Facts> {
    return {};
  }

  prepare(): Step<never> {
    return { ok: false, ...this.fault };
  }

  waiting(): void {}
}
