/** The account of one permitted request while the backend answers it. Completed once, however it ends. */
import type { Facts } from '@sluice/schemas';
import type { CompletionOutcome, Permit } from '../../pipeline/index.js';
import type { Rewritten } from './classify-sql.js';
import type { ResultShape } from './statement.js';

export class Run {
  rows = 0;
  bytes = 0;
  /** Indexes of columns to blank; undefined until the first row of a result asks. */
  masked: ReadonlySet<number> | undefined;
  /** The report that takes the place of the rest of the result. */
  cut: Buffer | undefined;
  #code = '';
  #cutOutcome: CompletionOutcome = 'limited';

  constructor(
    readonly permit: Permit<Rewritten>,
    readonly shape: ResultShape,
    /** What is counted against the row limit. */
    readonly counted: { count: number },
    readonly facts: () => Facts,
  ) {}

  get touchesMasked(): boolean {
    return this.permit.forward.touchesMasked;
  }

  /** False once there are more rows than the rule permits. */
  countRow(lengthBytes: number): boolean {
    const { rowLimit } = this.permit;
    if (rowLimit !== undefined && this.counted.count >= rowLimit) return false;
    this.counted.count++;
    this.rows++;
    this.bytes += lengthBytes;
    return true;
  }

  cutOff(report: Buffer, outcome: CompletionOutcome): void {
    this.cut = report;
    this.#cutOutcome = outcome;
  }

  /** SQLSTATE of the error that ended it. */
  failed(sqlstate: string): void {
    this.#code ||= sqlstate;
  }

  complete(outcome?: CompletionOutcome): void {
    const { rows, bytes } = this;
    const ended = this.#code === '' ? 'ok' : this.#code === '57014' ? 'cancelled' : 'error';
    const cut = this.cut && this.#cutOutcome;
    this.permit.complete({ outcome: cut ?? outcome ?? ended, rows, bytes, backendCode: this.#code });
  }
}
