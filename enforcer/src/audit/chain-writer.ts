/**
 * Group commit. Records that are queued in one turn of the event loop are chained and written by one call; those that
 * must be durable share one sync, off the main thread. When the disk refuses, everybody who waits is told, the log
 * counts as unwritable, and a record that says so is tried every half second until the disk takes it.
 */
import { chainedLine, lineHash, type ChainEnd } from './format.js';
import { Segment, type Disk } from './segment.js';

const RETRY_MS = 500;

interface Entry {
  readonly body: string;
  readonly durable: boolean;
  /** Undefined for records nobody waits for: they are kept until they can be written. */
  readonly promise: { resolve(): void; reject(cause: unknown): void } | undefined;
}

export interface Outage {
  readonly cause: unknown;
  readonly sinceMs: number;
  /** Records refused so far; their requests were refused with them. */
  refused: number;
}

export interface ChainWriterOptions {
  readonly dir: string;
  readonly disk: Disk;
  readonly segment: Segment | undefined;
  readonly end: ChainEnd;
  readonly segmentLimitBytes: number;
  now(): number;
  /** The record that ends an outage. */
  describeOutage(outage: Outage): string;
}

export class ChainWriter {
  #queue: Entry[] = [];
  #scheduled = false;
  #segment: Segment | undefined;
  #end: ChainEnd;
  #outage: Outage | undefined;
  #retry: NodeJS.Timeout | undefined;
  #unsynced: { resolve(): void; reject(cause: unknown): void }[] = [];
  #syncing = false;
  #closed = false;

  constructor(private readonly options: ChainWriterOptions) {
    this.#segment = options.segment;
    this.#end = options.end;
  }

  get end(): ChainEnd {
    return this.#end;
  }

  get outage(): Outage | undefined {
    return this.#outage;
  }

  get queued(): number {
    return this.#queue.length;
  }

  /** Resolves once the record is written (synced when `durable`), rejects when it is not in the log. */
  append(body: string, durable: boolean): Promise<void> {
    if (this.#closed) return Promise.reject(new Error('the audit log is closed'));
    if (this.#outage !== undefined) {
      this.#outage.refused++;
      return Promise.reject(new Error('the audit log cannot be written', { cause: this.#outage.cause }));
    }
    return new Promise((resolve, reject) => {
      this.#enqueue({ body, durable, promise: { resolve, reject } });
    });
  }

  /** For records of what has happened already: written as soon as it is possible. */
  appendEventually(body: string): void {
    this.#enqueue({ body, durable: false, promise: undefined });
  }

  #enqueue(entry: Entry): void {
    this.#queue.push(entry);
    if (this.#scheduled || this.#outage !== undefined) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#queue.length === 0 || this.#outage !== undefined) return;
    const entries = this.#queue;
    this.#queue = [];
    try {
      this.#write(entries);
    } catch (cause) {
      // Fail closed: none of these records is in the log, so none of their requests may pass.
      this.#fail(cause, entries);
      return;
    }
    for (const { durable, promise } of entries) {
      if (promise === undefined) continue;
      if (durable) this.#unsynced.push(promise);
      else promise.resolve();
    }
    this.#startSync();
  }

  /** All of them, or none and the end of the chain stays where it was. */
  #write(entries: readonly Entry[]): void {
    let { seq, hash } = this.#end;
    let text = '';
    for (const { body } of entries) {
      const line = chainedLine(++seq, hash, body);
      hash = lineHash(line);
      text += `${line}\n`;
    }
    const data = Buffer.from(text);
    this.#segmentFor(data.length).append(data);
    this.#end = { seq, hash };
  }

  #segmentFor(bytes: number): Segment {
    const current = this.#segment;
    // A sync under way still needs the old file: it may grow a little longer than its limit.
    const busy = this.#syncing || this.#unsynced.length > 0;
    if (
      current !== undefined &&
      (busy || current.bytes === 0 || current.bytes + bytes <= this.options.segmentLimitBytes)
    ) {
      return current;
    }
    const next = Segment.create(this.options.disk, this.options.dir, this.#end.seq + 1);
    this.#segment = next;
    current?.close();
    return next;
  }

  #fail(cause: unknown, entries: readonly Entry[]): void {
    this.#outage ??= { cause, sinceMs: this.options.now(), refused: 0 };
    const unwritten = [...entries, ...this.#queue];
    this.#queue = unwritten.filter((entry) => entry.promise === undefined);
    const waiting = [...unwritten.flatMap((entry) => entry.promise ?? []), ...this.#unsynced];
    this.#unsynced = [];
    for (const { reject } of waiting) {
      this.#outage.refused++;
      reject(cause);
    }
    this.#retryLater();
  }

  #retryLater(): void {
    if (this.#closed) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#heal(), RETRY_MS).unref();
  }

  /** Writes what was kept and the account of the outage, and syncs it; only then is the log writable again. */
  async #heal(): Promise<void> {
    const outage = this.#outage;
    if (outage === undefined) return;
    const entries = this.#queue;
    this.#queue = [];
    const account = { body: this.options.describeOutage(outage), durable: true, promise: undefined };
    try {
      this.#write([...entries, account]);
    } catch {
      // Fail closed: still unwritable. What was kept stays kept, in order.
      this.#queue = [...entries, ...this.#queue];
      this.#retryLater();
      return;
    }
    try {
      await this.sync();
      this.#outage = undefined;
      this.#flush();
    } catch {
      // Fail closed: written but not synced is not healed.
      this.#retryLater();
    }
  }

  /** Resolves once everything written so far is on the disk. */
  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#unsynced.push({ resolve, reject });
      this.#startSync();
    });
  }

  #startSync(): void {
    if (this.#syncing || this.#unsynced.length === 0) return;
    const waiting = this.#unsynced;
    this.#unsynced = [];
    if (this.#segment === undefined) {
      for (const { resolve } of waiting) resolve();
      return;
    }
    this.#syncing = true;
    this.#segment.sync((error) => {
      this.#syncing = false;
      for (const { resolve, reject } of waiting) {
        if (error === null) resolve();
        else reject(error);
      }
      // Fail closed: after a failed sync nobody knows what the disk holds.
      if (error !== null) this.#fail(error, []);
      this.#startSync();
    });
  }

  async close(): Promise<void> {
    this.#flush();
    this.#closed = true;
    clearTimeout(this.#retry);
    // The last chance of records that were kept while the disk was full.
    if (this.#outage !== undefined) await this.#heal();
    if (this.#outage === undefined) await this.sync();
    this.#segment?.close();
    this.#segment = undefined;
  }
}
