/**
 * Cuts a stream of bytes into messages: a type byte, a 32-bit length that counts itself, a body. Bytes are read
 * in place: a message that lies whole in a chunk is a range of that chunk, and only the one message that
 * straddles two chunks is joined. No length is believed before it is checked against the cap of its type.
 */
export type ReadOutcome =
  /** `type`, `buffer`, `start` and `end` speak of one complete message. */
  | 'message'
  /** All that was fed is used up; the rest of the message comes with a later chunk. */
  | 'more'
  /** A message of `type` is larger than its cap; its body is thrown away as it arrives. Said once. */
  | 'oversized'
  /** The length is impossible: the stream cannot be understood from here on. */
  | 'broken';

export type CapOf = (type: number) => number;

const HEADER_BYTES = 5;
/** What PostgreSQL itself accepts; beyond it there is no telling a large message from garbage. */
const IMPOSSIBLE_BYTES = 0x3fff_ffff;
const NOTHING = Buffer.alloc(0);

export class MessageReader {
  /** Holds the current message from `start` to `end`, header included. */
  buffer: Buffer = NOTHING;
  start = 0;
  end = 0;
  type = 0;
  /** Length of the current (or oversized) message, header included. */
  lengthBytes = 0;

  readonly #capOf: CapOf;
  #chunk: Buffer = NOTHING;
  #offset = 0;
  #parts: Buffer[] = [];
  #partsBytes = 0;
  #skipBytes = 0;
  #broken = false;

  constructor(capOf: CapOf) {
    this.#capOf = capOf;
  }

  /** Only after `next` said `more`. The chunk must not be changed while messages of it are in use. */
  feed(chunk: Buffer): void {
    if (this.#offset < this.#chunk.length) throw new Error('the previous chunk is not used up');
    this.#chunk = chunk;
    this.#offset = 0;
  }

  next(): ReadOutcome {
    if (this.#broken) return 'broken';
    if (!this.#skip()) return 'more';
    return this.#partsBytes > 0 ? this.#nextJoined() : this.#nextInPlace();
  }

  /** Whether the stream stands between two messages. */
  get atBoundary(): boolean {
    return this.#partsBytes === 0 && this.#skipBytes === 0 && this.#offset === this.#chunk.length;
  }

  #nextInPlace(): ReadOutcome {
    const chunk = this.#chunk;
    const available = chunk.length - this.#offset;
    if (available < HEADER_BYTES) return this.#keep(available);
    const fault = this.#readHeader(chunk, this.#offset);
    if (fault) {
      this.#offset += HEADER_BYTES;
      return this.#refuse(fault);
    }
    if (available < this.lengthBytes) return this.#keep(available);
    this.buffer = chunk;
    this.start = this.#offset;
    this.end = this.#offset += this.lengthBytes;
    return 'message';
  }

  #nextJoined(): ReadOutcome {
    if (this.#partsBytes < HEADER_BYTES) {
      if (!this.#take(HEADER_BYTES)) return 'more';
      this.#parts = [Buffer.concat(this.#parts, HEADER_BYTES)];
    }
    const fault = this.#readHeader(this.#first(), 0);
    if (fault) {
      this.#parts = [];
      this.#partsBytes = 0;
      return this.#refuse(fault);
    }
    if (!this.#take(this.lengthBytes)) return 'more';
    this.buffer = this.#parts.length === 1 ? this.#first() : Buffer.concat(this.#parts, this.lengthBytes);
    this.start = 0;
    this.end = this.lengthBytes;
    this.#parts = [];
    this.#partsBytes = 0;
    return 'message';
  }

  /** The first part always holds the whole header once `#partsBytes` reaches it: see `#nextJoined` and `#keep`. */
  #first(): Buffer {
    return this.#parts[0] ?? NOTHING;
  }

  #readHeader(from: Buffer, at: number): 'oversized' | 'broken' | undefined {
    const body = from.readUInt32BE(at + 1);
    this.type = from[at] ?? 0;
    this.lengthBytes = body + 1;
    if (body < 4 || body > IMPOSSIBLE_BYTES) return 'broken';
    return this.lengthBytes > this.#capOf(this.type) ? 'oversized' : undefined;
  }

  #refuse(fault: 'oversized' | 'broken'): ReadOutcome {
    if (fault === 'broken') this.#broken = true;
    else this.#skipBytes = this.lengthBytes - HEADER_BYTES;
    return fault;
  }

  /** False when the body of an oversized message has not ended yet. */
  #skip(): boolean {
    if (this.#skipBytes === 0) return true;
    const skipped = Math.min(this.#skipBytes, this.#chunk.length - this.#offset);
    this.#offset += skipped;
    this.#skipBytes -= skipped;
    return this.#skipBytes === 0;
  }

  #keep(available: number): 'more' {
    if (available > 0) {
      this.#parts.push(this.#chunk.subarray(this.#offset));
      this.#partsBytes = available;
      this.#offset = this.#chunk.length;
    }
    return 'more';
  }

  /** Moves bytes of the chunk to the parts until they are `wanted`; false when the chunk ended before. */
  #take(wanted: number): boolean {
    const missing = wanted - this.#partsBytes;
    if (missing <= 0) return true;
    const taken = this.#chunk.subarray(this.#offset, this.#offset + missing);
    if (taken.length > 0) this.#parts.push(taken);
    this.#partsBytes += taken.length;
    this.#offset += taken.length;
    return taken.length === missing;
  }
}
