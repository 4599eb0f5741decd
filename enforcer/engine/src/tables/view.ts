/** Reads the tables of a policy as numbered sections of fixed-size entries (schemas/ABI.md, "Tables"). */
import { BUNDLE_ERRORS, SECTION_ENTRY_BYTES, SluiceError, abi } from '@sluice/schemas';

/** Throws unless `holds`; `entry` says which of many. */
export function must(holds: boolean, what: string, entry?: number): asserts holds {
  if (holds) return;
  const where = entry === undefined ? '' : ` (${entry})`;
  const message = `the tables of the policy module are not sound: ${what}${where}`;
  throw new SluiceError(BUNDLE_ERRORS.tables_malformed, message);
}

export interface SectionView {
  readonly entries: number;
  /** The u32 at `word` of entry `entry`; for sections of 4-byte multiples. */
  u32(entry: number, word?: number): number;
  u16(entry: number): number;
  u8(entry: number): number;
}

const HEADER_BYTES = (abi.HEADER_SECTIONS + abi.SECTIONS * 8 + 7) & ~7;

/** The tables, with every section known to lie inside them and aligned. */
export class TablesView {
  readonly #view: DataView;
  readonly #sections: readonly SectionView[];

  constructor(readonly bytes: Uint8Array) {
    must(bytes.length >= HEADER_BYTES, 'the header is cut off');
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    must(this.header(abi.HEADER_MAGIC) === abi.TABLES_MAGIC, 'the magic number is another');
    const version = this.header(abi.HEADER_ABI);
    if (version !== abi.ABI_VERSION) {
      throw new SluiceError(
        BUNDLE_ERRORS.abi_mismatch,
        `the policies were compiled for interface version ${version}, expected ${abi.ABI_VERSION}`,
      );
    }
    must(this.header(abi.HEADER_BYTES) === bytes.length, 'the length is another');
    this.#sections = SECTION_ENTRY_BYTES.map((entryBytes, index) => this.#openSection(index, entryBytes));
  }

  header(offset: number): number {
    return this.#view.getUint32(offset, true);
  }

  section(index: number): SectionView {
    const section = this.#sections[index];
    must(section !== undefined, 'there is no section', index);
    return section;
  }

  /** Whether a text lies inside the text section. */
  hasText(address: number, length: number): boolean {
    const start = this.header(abi.HEADER_SECTIONS + abi.SECTION_TEXT * 8);
    return address >= start && address + length <= start + this.section(abi.SECTION_TEXT).entries;
  }

  text(address: number, length: number): string {
    const at = address - abi.TABLES_BASE;
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + at, length).toString('utf8');
  }

  #openSection(index: number, entryBytes: number): SectionView {
    const at = this.header(abi.HEADER_SECTIONS + index * 8) - abi.TABLES_BASE;
    const entries = this.header(abi.HEADER_SECTIONS + index * 8 + 4);
    const inside = at >= HEADER_BYTES && at % 8 === 0 && at + entries * entryBytes <= this.bytes.length;
    must(inside, 'section lies outside', index);
    const view = this.#view;
    return {
      entries,
      u32: (entry, word = 0) => view.getUint32(at + entry * entryBytes + word * 4, true),
      u16: (entry) => view.getUint16(at + entry * entryBytes, true),
      u8: (entry) => view.getUint8(at + entry),
    };
  }
}
