/**
 * Reads a socket by the asked number of bytes, for the phases in which each side waits for the other. When the
 * phase ends, `release` hands the socket on, with what was read too far.
 */
import type { Duplex } from 'node:stream';

export class ConnectionEnded extends Error {
  override readonly name = 'ConnectionEnded';
}

export class ByteSource {
  readonly #socket: Duplex;
  #chunks: Buffer[] = [];
  #available = 0;
  #wanted = 0;
  #wake: (() => void) | undefined;
  #ended = false;

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on('data', this.#onData);
    for (const event of ENDINGS) socket.on(event, this.#onEnd);
  }

  /** Rejects with `ConnectionEnded` when the peer leaves first. One call at a time. */
  async read(bytes: number): Promise<Buffer> {
    while (this.#available < bytes) {
      if (this.#ended) throw new ConnectionEnded('the connection ended');
      this.#wanted = bytes;
      this.#socket.resume();
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const all = this.#chunks.length === 1 ? (this.#chunks[0] ?? EMPTY) : Buffer.concat(this.#chunks);
    this.#available -= bytes;
    this.#chunks = this.#available > 0 ? [all.subarray(bytes)] : [];
    return all.subarray(0, bytes);
  }

  /** Bytes that arrived and nobody asked for yet. */
  get pendingBytes(): number {
    return this.#available;
  }

  /** The socket is paused; the caller takes it from here. */
  release(): Buffer {
    this.#socket.off('data', this.#onData);
    for (const event of ENDINGS) this.#socket.off(event, this.#onEnd);
    this.#socket.pause();
    const rest = Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#available = 0;
    return rest;
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#chunks.push(chunk);
    this.#available += chunk.length;
    if (this.#available >= this.#wanted) {
      this.#socket.pause();
      this.#rouse();
    }
  };

  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#rouse();
  };

  #rouse(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

const EMPTY = Buffer.alloc(0);
const ENDINGS = ['end', 'close', 'error'] as const;
