/** Reads the fields of one message body. Nothing is read past its end: a body that lies about itself throws `MalformedBody`. */
export class MalformedBody extends Error {
  override readonly name = 'MalformedBody';
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class BodyReader {
  readonly #buffer: Buffer;
  readonly #end: number;
  #at: number;

  /** From `start` (the first byte after the length) to `end`. */
  constructor(buffer: Buffer, start: number, end: number) {
    this.#buffer = buffer;
    this.#at = start;
    this.#end = end;
  }

  get remaining(): number {
    return this.#end - this.#at;
  }

  /** Position in the buffer. */
  get position(): number {
    return this.#at;
  }

  byte(): number {
    return this.#buffer[this.#advance(1)] ?? 0;
  }

  int16(): number {
    return this.#buffer.readInt16BE(this.#advance(2));
  }

  uint32(): number {
    return this.#buffer.readUInt32BE(this.#advance(4));
  }

  int32(): number {
    return this.#buffer.readInt32BE(this.#advance(4));
  }

  bytes(length: number): Buffer {
    const at = this.#advance(length);
    return this.#buffer.subarray(at, at + length);
  }

  /** Zero-terminated. What is not UTF-8 is malformed: a text that two readers would read differently is refused. */
  text(): string {
    const end = this.#buffer.indexOf(0, this.#at);
    if (end === -1 || end >= this.#end) throw new MalformedBody('a text does not end');
    const raw = this.#buffer.subarray(this.#at, end);
    this.#at = end + 1;
    return decodeUtf8(raw);
  }

  /** A count must be possible for what follows: each entry takes at least `entryBytes`. */
  count(entryBytes: number): number {
    const count = this.int16() & 0xffff;
    if (count * entryBytes > this.remaining) throw new MalformedBody('a count is larger than its message');
    return count;
  }

  done(): void {
    if (this.remaining !== 0) throw new MalformedBody('bytes are left over at the end of a message');
  }

  #advance(length: number): number {
    if (length < 0 || length > this.remaining) throw new MalformedBody('a field is longer than its message');
    const at = this.#at;
    this.#at += length;
    return at;
  }
}

export function decodeUtf8(raw: Uint8Array): string {
  try {
    return UTF8.decode(raw);
  } catch (cause) {
    // Fails closed: a message that is not UTF-8 is malformed and goes nowhere.
    throw new MalformedBody('a text is not valid UTF-8', { cause });
  }
}
