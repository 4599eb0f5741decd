/**
 * What the backend still owes: one entry for each message that it will answer, in order. The answer is only
 * understood through the entry at the head; an answer that does not fit ends the session.
 */
import type { Rewritten } from './classify-sql.js';
import type { Change } from './name-table.js';
import type { Run } from './run.js';
import type { ResultShape } from './statement.js';

export type Expectation = { readonly segment: number } & (
  | { readonly kind: 'parse' | 'bind'; readonly change: Change; readonly sent: Rewritten }
  | { readonly kind: 'close'; readonly change: Change }
  /** `silent`: Sluice asked by itself, so the client does not see the answer. */
  | {
      readonly kind: 'describe';
      readonly shape: ResultShape;
      readonly silent: boolean;
      readonly sent: Rewritten;
    }
  | { readonly kind: 'execute'; readonly run: Run }
  /** A simple query, until its ReadyForQuery. */
  | { readonly kind: 'query'; readonly run: Run }
  /** A message that fails for certain, in place of a refused one; its error is replaced by `report`. */
  | { readonly kind: 'poison'; readonly report: Buffer }
  | { readonly kind: 'poisonQuery'; readonly report: Buffer }
  | { readonly kind: 'sync' }
);

/** The text whose execution (or analysis) an answer speaks of. */
export function sentOf(expectation: Expectation | undefined): Rewritten | undefined {
  if (expectation === undefined) return undefined;
  if ('sent' in expectation) return expectation.sent;
  return 'run' in expectation ? expectation.run.permit.forward : undefined;
}

/** Undoes what was noted of a message that the backend will not answer. */
export function takeBack(owed: Expectation): void {
  if ('change' in owed) owed.change.undo();
  if (owed.kind === 'describe' && owed.shape.fields === undefined) owed.shape.asked = false;
}

export type ExpectationKind = Expectation['kind'];

export class Expectations {
  #owed: Expectation[] = [];
  #waiting: { readonly segment: number; resolve(): void }[] = [];

  get head(): Expectation | undefined {
    return this.#owed[0];
  }

  get isEmpty(): boolean {
    return this.#owed.length === 0;
  }

  get all(): readonly Expectation[] {
    return this.#owed;
  }

  push(expectation: Expectation): void {
    this.#owed.push(expectation);
  }

  pop(): void {
    this.#owed.shift();
    this.#wake();
  }

  /** After an error the backend skips everything up to the next Sync: those entries will not be answered. */
  skipToSync(): readonly Expectation[] {
    const sync = this.#owed.findIndex(({ kind }) => kind === 'sync');
    const skipped = this.#owed.splice(0, sync === -1 ? this.#owed.length : sync);
    this.#wake();
    return skipped;
  }

  /** Takes back entries whose messages were never sent. */
  withdraw(these: ReadonlySet<Expectation>): void {
    this.#owed = this.#owed.filter((expectation) => !these.has(expectation));
    this.#wake();
  }

  /** Takes everything, when there will be no more answers. */
  abandon(): readonly Expectation[] {
    const owed = this.#owed;
    this.#owed = [];
    this.#wake();
    return owed;
  }

  /** Resolves when nothing is owed of what was sent before `segment`. */
  settledBefore(segment: number): Promise<void> {
    if (this.#isSettledBefore(segment)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ segment, resolve }));
  }

  #isSettledBefore(segment: number): boolean {
    return this.#owed[0] === undefined || this.#owed[0].segment >= segment;
  }

  #wake(): void {
    if (this.#waiting.length === 0) return;
    const ready = this.#waiting.filter(({ segment }) => this.#isSettledBefore(segment));
    this.#waiting = this.#waiting.filter((waiter) => !ready.includes(waiter));
    for (const { resolve } of ready) resolve();
  }
}
