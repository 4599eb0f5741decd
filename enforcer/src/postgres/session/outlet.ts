/**
 * The writing side of a socket. What is to be sent together is written together: nearly all the time of a proxy
 * goes into system calls, so a chunk that came in as one goes out as one.
 */
import type { Duplex } from 'node:stream';

/** Up to this size copying into one buffer is cheaper than a gathered write. */
const JOIN_LIMIT_BYTES = 16 * 1024;

export class Outlet {
  readonly #socket: Duplex;
  #slices: Buffer[] = [];
  #bytes = 0;

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  push(slice: Buffer): void {
    this.#slices.push(slice);
    this.#bytes += slice.length;
  }

  flush(): void {
    if (this.#bytes === 0) return;
    const [slices, bytes] = [this.#slices, this.#bytes];
    this.#slices = [];
    this.#bytes = 0;
    if (!this.#socket.writable) return;
    if (slices.length === 1 && slices[0]) this.#socket.write(slices[0]);
    else if (bytes <= JOIN_LIMIT_BYTES) this.#socket.write(Buffer.concat(slices, bytes));
    else {
      this.#socket.cork();
      for (const slice of slices) this.#socket.write(slice);
      this.#socket.uncork();
    }
  }

  /** The peer reads slower than we write: nothing more should be read for it. */
  get isFull(): boolean {
    return this.#socket.writableNeedDrain;
  }

  /** Resolves when there is room again, or nobody to read. */
  async drained(): Promise<void> {
    if (!this.isFull || this.#socket.destroyed) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done);
        this.#socket.off('close', done);
        resolve();
      };
      this.#socket.on('drain', done);
      this.#socket.on('close', done);
    });
  }
}
