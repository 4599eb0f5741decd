/**
 * Keeps back what a client only prepares until it is in the audit log, because nothing may reach a backend before
 * its record is durable. The record of an execution stands for the preparation of its statement too, so a
 * statement that is prepared and run at once leaves one record. One that is only prepared leaves a record of its
 * own, when its answer is asked for (Sync, Flush) or something else has to be sent behind it.
 */
import type { Refusal } from '../../pipeline/index.js';
import type { Conversation } from './conversation.js';
import { takeBack, type Expectation } from './expectations.js';
import type { Outlet } from './outlet.js';
import type { PreparedStatement } from './statement.js';

interface Kept {
  readonly bytes: Buffer;
  readonly owed: Expectation;
}

interface Unrecorded {
  readonly statement: PreparedStatement;
  readonly record: () => Promise<Refusal | undefined>;
}

/** More than this is not kept back but recorded and sent. */
const KEPT_LIMIT_BYTES = 64 * 1024;
const KEPT_LIMIT_MESSAGES = 64;

export class Preparations {
  #kept: Kept[] = [];
  #keptBytes = 0;
  #unrecorded: readonly Unrecorded[] = [];

  constructor(
    private readonly talk: Conversation,
    private readonly backend: Outlet,
  ) {}

  get isEmpty(): boolean {
    return this.#unrecorded.length === 0;
  }

  get isFull(): boolean {
    return this.#keptBytes > KEPT_LIMIT_BYTES || this.#kept.length > KEPT_LIMIT_MESSAGES;
  }

  /** Keeps back the Parse of a statement that was judged but not recorded. */
  prepare(bytes: Buffer, owed: Expectation, unrecorded: Unrecorded): void {
    this.#unrecorded = [...this.#unrecorded, unrecorded];
    this.send(bytes, owed);
  }

  /** Sends a message that runs nothing, behind what is kept back. */
  send(bytes: Buffer, owed: Expectation): void {
    this.talk.expectations.push(owed);
    if (this.isEmpty) {
      this.backend.push(bytes);
      return;
    }
    this.#kept.push({ bytes, owed });
    this.#keptBytes += bytes.length;
  }

  /** An execution of the statement is in the log. */
  cover(statement: PreparedStatement): void {
    this.#unrecorded = this.#unrecorded.filter((entry) => entry.statement !== statement);
    if (this.isEmpty) this.#release();
  }

  /** Records what is still unrecorded and sends what was kept back. What cannot be recorded is never sent. */
  async settle(): Promise<Refusal | undefined> {
    for (const { record } of this.#unrecorded) {
      // After an error the backend would skip it: it is as if it had not been sent.
      if (this.talk.skipping) break;
      const refusal = await record();
      if (refusal === undefined) continue;
      this.#withdraw();
      return refusal;
    }
    if (this.talk.skipping) this.#withdraw();
    else this.#release();
    return undefined;
  }

  #release(): void {
    for (const { bytes } of this.#kept) this.backend.push(bytes);
    this.#forget();
  }

  #withdraw(): void {
    this.talk.expectations.withdraw(new Set(this.#kept.map(({ owed }) => owed)));
    for (const { owed } of this.#kept.toReversed()) takeBack(owed);
    this.#forget();
  }

  #forget(): void {
    this.#kept = [];
    this.#keptBytes = 0;
    this.#unrecorded = [];
  }
}
