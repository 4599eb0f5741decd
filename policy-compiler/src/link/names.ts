/** Names to symbols: the text of every symbol and a hash to find it by; globs by the part before their first `*`. */
import { abi, type pb } from '@sluice/schemas';
import type { Tables, Words } from './tables.js';

const HASH_SEED = 0x811c9dc5;

/** FNV-1a over UTF-8, as the evaluator computes it. */
function hashOf(bytes: Uint8Array): number {
  let hash = HASH_SEED;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** The next power of two that leaves at least half of the slots empty. */
export function capacityFor(entries: number): number {
  let capacity = 2;
  while (capacity < entries * 2) capacity *= 2;
  return capacity;
}

/** Writes a space of symbols; `isLiteral` leaves out of the hash what is found in another way. */
export function writeNames(
  tables: Tables,
  namesSection: number,
  hashSection: number,
  names: readonly string[],
  isLiteral: (index: number) => boolean = () => true,
): void {
  const section = tables.section(namesSection);
  const encoder = new TextEncoder();
  const capacity = capacityFor(names.length);
  const slots = new Uint32Array(capacity * 2);
  names.forEach((name, index) => {
    const { address, bytes } = tables.text(name);
    section.u32(address, bytes);
    if (!isLiteral(index)) return;
    const hash = hashOf(encoder.encode(name));
    let slot = hash & (capacity - 1);
    while (slots[slot * 2 + 1] !== 0) slot = (slot + 1) & (capacity - 1);
    slots[slot * 2] = hash;
    slots[slot * 2 + 1] = index + 1;
  });
  tables.section(hashSection).append(new Uint8Array(slots.buffer));
}

interface Glob {
  readonly symbol: number;
  readonly text: string;
  /** What comes before the first `*`. */
  readonly prefix: string;
}

/** Sections of one space of globs. */
export interface GlobSections {
  readonly globs: number;
  readonly prefixes: number;
  readonly lengths: number;
}

export function writeGlobs(tables: Tables, sections: GlobSections, patterns: readonly pb.Pattern[]): void {
  const encoder = new TextEncoder();
  const byPrefix = new Map<string, Glob[]>();
  patterns.forEach(({ text, glob }, symbol) => {
    if (!glob) return;
    const star = text.indexOf('*');
    const prefix = star < 0 ? text : text.slice(0, star);
    const group = byPrefix.get(prefix);
    const entry = { symbol, text, prefix };
    if (group) group.push(entry);
    else byPrefix.set(prefix, [entry]);
  });
  const capacity = capacityFor(byPrefix.size);
  const slots = new Uint32Array(capacity * 4);
  const lengths = new Set<number>();
  const section = tables.section(sections.globs);
  for (const [prefix, group] of byPrefix) {
    const bytes = encoder.encode(prefix);
    lengths.add(bytes.length);
    insertPrefix(slots, capacity, [hashOf(bytes), section.length / 16, group.length, bytes.length]);
    for (const glob of group) writeGlob(tables, section, glob, bytes.length);
  }
  tables.section(sections.prefixes).append(new Uint8Array(slots.buffer));
  tables.section(sections.lengths).u32(...[...lengths].sort((a, b) => a - b));
}

function insertPrefix(
  slots: Uint32Array,
  capacity: number,
  entry: readonly [number, number, number, number],
): void {
  let slot = entry[0] & (capacity - 1);
  while (slots[slot * 4 + 2] !== 0) slot = (slot + 1) & (capacity - 1);
  slots.set(entry, slot * 4);
}

function writeGlob(tables: Tables, section: Words, glob: Glob, prefixBytes: number): void {
  const { address, bytes } = tables.text(glob.text);
  section.u32(glob.symbol, address, bytes, prefixBytes);
}

export const RESOURCE_GLOBS: GlobSections = {
  globs: abi.SECTION_RESOURCE_GLOBS,
  prefixes: abi.SECTION_RESOURCE_PREFIXES,
  lengths: abi.SECTION_RESOURCE_PREFIX_LENGTHS,
};
export const COLUMN_GLOBS: GlobSections = {
  globs: abi.SECTION_COLUMN_GLOBS,
  prefixes: abi.SECTION_COLUMN_PREFIXES,
  lengths: abi.SECTION_COLUMN_PREFIX_LENGTHS,
};
