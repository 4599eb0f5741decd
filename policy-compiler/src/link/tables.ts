/** Collects the sections of the tables and lays them out as bytes (schemas/ABI.md, "Tables"). */
import { BUNDLE_ERRORS, SluiceError, abi } from '@sluice/schemas';

/** A growing run of little-endian numbers. */
export class Words {
  #view: DataView;
  #bytes: Uint8Array;
  length = 0;

  constructor(capacityBytes = 256) {
    this.#bytes = new Uint8Array(capacityBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  u8(value: number): void {
    const at = this.#take(1);
    this.#view.setUint8(at, value);
  }

  u16(value: number): void {
    const at = this.#take(2);
    this.#view.setUint16(at, value, true);
  }

  u32(...values: readonly number[]): void {
    let at = this.#take(values.length * 4);
    for (const value of values) {
      this.#view.setUint32(at, value, true);
      at += 4;
    }
  }

  i64(value: bigint): void {
    const at = this.#take(8);
    this.#view.setBigInt64(at, value, true);
  }

  append(bytes: Uint8Array): void {
    const at = this.#take(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Makes room. It may replace the view, so it comes before the view is looked at. */
  #take(bytes: number): number {
    const at = this.length;
    if (at + bytes > this.#bytes.length) {
      if (at + bytes > abi.TABLES_LIMIT_BYTES) throw tooLarge();
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, at + bytes));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.length = at + bytes;
    return at;
  }
}

function tooLarge(): SluiceError {
  const mebibytes = abi.TABLES_LIMIT_BYTES / 1048576;
  return new SluiceError(
    BUNDLE_ERRORS.policy_too_large,
    `the policies need more than ${mebibytes} MiB of tables; name fewer subjects, actions or resources in each rule`,
  );
}

export interface Header {
  /** Symbol of `*` among subjects and among actions, or -1. */
  readonly anySubject: number;
  readonly anyAction: number;
}

const HEADER_BYTES = align(abi.HEADER_SECTIONS + abi.SECTIONS * 8);

/** Sections by number. Text is section TEXT; addresses of texts are known from the start because it comes first. */
export class Tables {
  readonly #sections = Array.from({ length: abi.SECTIONS }, () => new Words());
  readonly #texts = new Map<string, number>();
  readonly #encoder = new TextEncoder();

  section(index: number): Words {
    const section = this.#sections[index];
    if (section === undefined) throw new RangeError(`no section ${index}`);
    return section;
  }

  /** Address and length of a text, stored once. */
  text(text: string): { readonly address: number; readonly bytes: number } {
    const bytes = this.#encoder.encode(text);
    let address = this.#texts.get(text);
    if (address === undefined) {
      const section = this.section(abi.SECTION_TEXT);
      address = abi.TABLES_BASE + HEADER_BYTES + section.length;
      section.append(bytes);
      this.#texts.set(text, address);
    }
    return { address, bytes: bytes.length };
  }

  /** Text comes right behind the header, then the other sections, each on a multiple of 8. */
  bytes(header: Header, entryBytes: readonly number[]): Uint8Array {
    const order = [abi.SECTION_TEXT, ...this.#sections.keys()].filter(
      (index, position) => position === 0 || index !== abi.SECTION_TEXT,
    );
    const total = order.reduce((sum, index) => align(sum + this.section(index).length), HEADER_BYTES);
    if (total > abi.TABLES_LIMIT_BYTES) throw tooLarge();
    const out = new Uint8Array(total);
    const view = new DataView(out.buffer);
    view.setUint32(abi.HEADER_MAGIC, abi.TABLES_MAGIC, true);
    view.setUint32(abi.HEADER_ABI, abi.ABI_VERSION, true);
    view.setUint32(abi.HEADER_BYTES, total, true);
    view.setUint32(abi.HEADER_ANY_SUBJECT, header.anySubject + 1, true);
    view.setUint32(abi.HEADER_ANY_ACTION, header.anyAction + 1, true);
    let at = HEADER_BYTES;
    for (const index of order) {
      const { bytes } = this.section(index);
      out.set(bytes, at);
      view.setUint32(abi.HEADER_SECTIONS + index * 8, abi.TABLES_BASE + at, true);
      view.setUint32(abi.HEADER_SECTIONS + index * 8 + 4, bytes.length / (entryBytes[index] ?? 1), true);
      at = align(at + bytes.length);
    }
    return out;
  }
}

function align(offset: number): number {
  return (offset + 7) & ~7;
}
