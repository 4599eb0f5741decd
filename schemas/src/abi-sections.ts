/** Bytes of one entry of each section of the tables, by section number (`abi.ts`, schemas/ABI.md). */
// prettier-ignore
export const SECTION_ENTRY_BYTES: readonly number[] = [
  8, 8, 8, 8, 8, // names: subjects, connections, actions, resources, columns
  8, 8, 8, 8, 8, // their hashes
  16, 16, // globs: resources, columns
  16, 16, // their prefixes
  4, 4, // the lengths of these
  8, 8, 4, // resource index, action entries, column index
  16, 8, 8, // lists, rows, runs
  16, 4, // rules, connection sets
  48, 4, // conditions, code
  8, 8, 8, 8, // strings, string lists, ints, int lists
  28, 4, 2, 2, 1, // automata, range starts, range classes, transitions, accepting
  16, // facts
  1, // text
];
