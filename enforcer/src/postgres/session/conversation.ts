/** What both directions of a session have to agree on. */
import { Expectations } from './expectations.js';
import { NameTable } from './name-table.js';
import type { Portal, PreparedStatement } from './statement.js';

export class Conversation {
  readonly expectations = new Expectations();
  readonly statements = new NameTable<PreparedStatement>();
  readonly portals = new NameTable<Portal>();
  /** Messages up to and including a Sync, or a simple query, are one segment: an error skips the rest of it. */
  segment = 1;
  /** The client is told of an error in its current segment: what it sends is dropped until its Sync. */
  skipping = false;
  /** A result was cut off: what the backend still says is dropped until its ReadyForQuery. */
  suppressing = false;
  /** Until the transaction ends, errors (as of deferred constraints) may still quote what it read. */
  transactionTouchedMasked = false;
  /** A cancellation is on its way: nothing may be sent that it could hit instead. */
  cancelling: Promise<void> | undefined;

  /** Whether what a name means hangs on an answer that is still owed to an earlier segment. */
  isOpen(table: NameTable<unknown>, name: string): boolean {
    return (
      table.isOpen(name, this.segment) ||
      // A simple query may DEALLOCATE, PREPARE or CLOSE.
      this.expectations.all.some(({ kind }) => kind === 'query')
    );
  }

  endTransaction(segment: number): void {
    this.transactionTouchedMasked = false;
    this.portals.dropUntil(segment);
  }

  forgetNames(): void {
    this.statements.clear();
    this.portals.clear();
  }
}
