/** Splits a WebAssembly module into its sections. Reads only; every length is checked before it is used. */
import { BUNDLE_ERRORS, SluiceError } from '@sluice/schemas';

export interface Section {
  readonly id: number;
  /** The whole section: id, size and content. */
  readonly raw: Uint8Array;
  readonly content: Uint8Array;
}

const PREAMBLE = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

export function malformed(what: string): SluiceError {
  return new SluiceError(BUNDLE_ERRORS.module_malformed, `the policy module ${what}`);
}

export function readSections(wasm: Uint8Array): readonly Section[] {
  if (PREAMBLE.some((byte, i) => wasm[i] !== byte)) throw malformed('does not begin like WebAssembly');
  const sections: Section[] = [];
  const reader = new Reader(wasm, PREAMBLE.length);
  while (!reader.done) {
    const start = reader.at;
    const id = reader.byte();
    const content = reader.take(reader.unsigned());
    sections.push({ id, content, raw: wasm.subarray(start, reader.at) });
  }
  return sections;
}

/** Reads numbers and runs of bytes; running past the end is a malformed module. */
export class Reader {
  constructor(
    private readonly bytes: Uint8Array,
    public at = 0,
  ) {}

  get done(): boolean {
    return this.at === this.bytes.length;
  }

  byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw malformed('ends too early');
    this.at++;
    return byte;
  }

  take(length: number): Uint8Array {
    if (length > this.bytes.length - this.at) throw malformed('ends too early');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** LEB128, at most 32 bits. */
  unsigned(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value > 0xffffffff) break;
        return value;
      }
    }
    throw malformed('holds a number that is too long');
  }

  /** LEB128, signed, at most 32 bits. */
  signed(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        return shift + 7 < 32 && (byte & 0x40) !== 0 ? value | (-1 << (shift + 7)) : value;
      }
    }
    throw malformed('holds a number that is too long');
  }
}
