/** Names, their hashes and globs: every text inside the text section, every symbol and slot in bounds. */
import { abi } from '@sluice/schemas';
import { must, type TablesView } from './view.js';

const SPACES = [
  [abi.SECTION_SUBJECTS, abi.SECTION_SUBJECT_HASH],
  [abi.SECTION_CONNECTIONS, abi.SECTION_CONNECTION_HASH],
  [abi.SECTION_ACTIONS, abi.SECTION_ACTION_HASH],
  [abi.SECTION_RESOURCES, abi.SECTION_RESOURCE_HASH],
  [abi.SECTION_COLUMNS, abi.SECTION_COLUMN_HASH],
] as const;

const GLOBS = [
  {
    names: abi.SECTION_RESOURCES,
    globs: abi.SECTION_RESOURCE_GLOBS,
    prefixes: abi.SECTION_RESOURCE_PREFIXES,
    lengths: abi.SECTION_RESOURCE_PREFIX_LENGTHS,
  },
  {
    names: abi.SECTION_COLUMNS,
    globs: abi.SECTION_COLUMN_GLOBS,
    prefixes: abi.SECTION_COLUMN_PREFIXES,
    lengths: abi.SECTION_COLUMN_PREFIX_LENGTHS,
  },
] as const;

export function verifyNames(tables: TablesView): void {
  for (const [names, hash] of SPACES) {
    verifyTexts(tables, names);
    verifyHash(tables, hash, tables.section(names).entries);
  }
  for (const sections of GLOBS) verifyGlobs(tables, sections);
  const known = (space: number): number => tables.section(space).entries;
  must(
    tables.header(abi.HEADER_ANY_SUBJECT) <= known(abi.SECTION_SUBJECTS),
    'the symbol of any subject is unknown',
  );
  must(
    tables.header(abi.HEADER_ANY_ACTION) <= known(abi.SECTION_ACTIONS),
    'the symbol of any action is unknown',
  );
}

/** Entries that begin with a text's address and length. */
export function verifyTexts(tables: TablesView, index: number): void {
  const section = tables.section(index);
  for (let i = 0; i < section.entries; i++) {
    must(tables.hasText(section.u32(i, 0), section.u32(i, 1)), 'text of section lies outside', i);
  }
}

export function isPowerOfTwo(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0;
}

function verifyHash(tables: TablesView, index: number, symbols: number): void {
  const hash = tables.section(index);
  must(isPowerOfTwo(hash.entries), 'the size of hash is no power of two', index);
  let empty = 0;
  for (let slot = 0; slot < hash.entries; slot++) {
    const symbol = hash.u32(slot, 1);
    must(symbol <= symbols, 'slot of hash holds an unknown symbol', slot);
    if (symbol === 0) empty++;
  }
  must(empty > 0, 'hash is full', index);
}

function verifyGlobs(tables: TablesView, sections: (typeof GLOBS)[number]): void {
  const globs = tables.section(sections.globs);
  const symbols = tables.section(sections.names).entries;
  for (let i = 0; i < globs.entries; i++) {
    must(globs.u32(i, 0) < symbols, 'glob has an unknown symbol', i);
    must(tables.hasText(globs.u32(i, 1), globs.u32(i, 2)), 'the text of glob lies outside', i);
    must(globs.u32(i, 3) <= globs.u32(i, 2), 'the prefix of glob is longer than the glob', i);
  }
  const prefixes = tables.section(sections.prefixes);
  must(isPowerOfTwo(prefixes.entries), 'the size of a prefix hash is no power of two');
  let empty = 0;
  for (let slot = 0; slot < prefixes.entries; slot++) {
    const first = prefixes.u32(slot, 1);
    const count = prefixes.u32(slot, 2);
    if (count === 0) {
      empty++;
      continue;
    }
    must(first + count <= globs.entries, 'prefix names unknown globs', slot);
    for (let i = first; i < first + count; i++) {
      must(globs.u32(i, 3) === prefixes.u32(slot, 3), 'prefix and glob differ in length', slot);
    }
  }
  must(empty > 0, 'a prefix hash is full');
  const lengths = tables.section(sections.lengths);
  for (let i = 1; i < lengths.entries; i++) {
    must(lengths.u32(i) > lengths.u32(i - 1), 'prefix lengths do not ascend');
  }
}
