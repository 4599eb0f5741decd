// Resolves names once, so that a decision handles numbers only. Input lies at REQUEST_BASE. Each function
// returns the address of what it made, or 0 when the arena is full or the fuel spent.
import {
  HEADER_ANY_ACTION,
  REQUEST_BASE,
  SECTION_ACTIONS,
  SECTION_ACTION_ENTRIES,
  SECTION_ACTION_HASH,
  SECTION_COLUMNS,
  SECTION_COLUMN_GLOBS,
  SECTION_COLUMN_HASH,
  SECTION_COLUMN_INDEX,
  SECTION_COLUMN_PREFIXES,
  SECTION_COLUMN_PREFIX_LENGTHS,
  SECTION_CONNECTIONS,
  SECTION_CONNECTION_HASH,
  SECTION_RESOURCES,
  SECTION_RESOURCE_GLOBS,
  SECTION_RESOURCE_HASH,
  SECTION_RESOURCE_INDEX,
  SECTION_RESOURCE_PREFIXES,
  SECTION_RESOURCE_PREFIX_LENGTHS,
} from '../../../schemas/src/abi';
import { giveBack, reserve, room } from './arena';
import { isSpent } from './fuel';
import { LIST, writeList } from './rows';
import { findGlobs, findSymbol } from './symbols';
import { header, section } from './tables';

function append(record: u32, count: u32, value: u32): u32 {
  store<u32>(record + 4 + (count << 2), value);
  return count + 1;
}

/** Symbol plus one, 0 when no rule names it. */
export function findAction(bytes: u32): u32 {
  return findSymbol(SECTION_ACTIONS, SECTION_ACTION_HASH, REQUEST_BASE, bytes);
}

export function findConnection(bytes: u32): u32 {
  return findSymbol(SECTION_CONNECTIONS, SECTION_CONNECTION_HASH, REQUEST_BASE, bytes);
}

/** Output: selectors u32, symbol u32 each: the literal and every glob that match the name. */
export function internResource(bytes: u32): u32 {
  const literal = findSymbol(SECTION_RESOURCES, SECTION_RESOURCE_HASH, REQUEST_BASE, bytes);
  return internName(
    literal,
    SECTION_RESOURCE_GLOBS,
    SECTION_RESOURCE_PREFIXES,
    SECTION_RESOURCE_PREFIX_LENGTHS,
    bytes,
  );
}

export function internColumn(bytes: u32): u32 {
  const literal = findSymbol(SECTION_COLUMNS, SECTION_COLUMN_HASH, REQUEST_BASE, bytes);
  return internName(
    literal,
    SECTION_COLUMN_GLOBS,
    SECTION_COLUMN_PREFIXES,
    SECTION_COLUMN_PREFIX_LENGTHS,
    bytes,
  );
}

function internName(literal: u32, globs: u32, prefixes: u32, lengths: u32, bytes: u32): u32 {
  const capacity = room();
  if (capacity < 64) return 0;
  const name = reserve(capacity & ~15);
  let selectors: u32 = 0;
  if (literal != 0) selectors = append(name, selectors, literal - 1);
  const limit = (capacity >> 2) - 8;
  selectors += findGlobs(globs, prefixes, lengths, REQUEST_BASE, bytes, name + 4 + (selectors << 2), limit);
  if (selectors > limit || isSpent()) {
    giveBack(name);
    return 0;
  }
  store<u32>(name, selectors);
  giveBack(name + 4 + (selectors << 2));
  return name;
}

/**
 * Input: for each access (action symbol + 1, resource), for each column (column). Output: connection symbol + 1,
 * accesses, columns, then for each of them the number of its lists and the lists (`rows.ts`): every rule that may
 * match is in one of them.
 */
export function internShape(connection: u32, accesses: u32, columns: u32): u32 {
  const capacity = room() & ~15;
  const shape = reserve(capacity);
  if (shape == 0 || capacity < 32) return 0;
  const end = shape + capacity;
  store<u32>(shape, connection);
  store<u32>(shape + 4, accesses);
  store<u32>(shape + 8, columns);
  let at: u32 = shape + 12;
  let input: u32 = REQUEST_BASE;
  for (let i: u32 = 0; i < accesses && at != 0; i++, input += 8) {
    at = writeAccessLists(load<u32>(input), load<u32>(input + 4), at, end);
  }
  for (let i: u32 = 0; i < columns && at != 0; i++, input += 4) {
    at = writeColumnLists(load<u32>(input), at, end);
  }
  if (at == 0) {
    giveBack(shape);
    return 0;
  }
  giveBack(at);
  return shape;
}

function writeAccessLists(action: u32, resource: u32, at: u32, end: u32): u32 {
  const selectors = load<u32>(resource);
  if (end - at < 4 || (end - at - 4) / (LIST << 1) < selectors) return 0;
  const any = header(HEADER_ANY_ACTION);
  let lists: u32 = 0;
  for (let i: u32 = 0; i < selectors; i++) {
    const index = section(SECTION_RESOURCE_INDEX) + (load<u32>(resource + 4 + (i << 2)) << 3);
    if (action != 0) lists = findList(index, action - 1, at, lists);
    if (any != 0 && any != action) lists = findList(index, any - 1, at, lists);
  }
  store<u32>(at, lists);
  return at + 4 + lists * LIST;
}

/** Finds the list of an action by halving; the entries of a resource are sorted by action. */
function findList(index: u32, action: u32, record: u32, lists: u32): u32 {
  let low = load<u32>(index);
  let high = low + load<u32>(index + 4);
  while (low < high) {
    const middle = (low + high) >> 1;
    const entry = section(SECTION_ACTION_ENTRIES) + (middle << 3);
    const found = load<u32>(entry);
    if (found == action) return appendList(record, lists, load<u32>(entry + 4));
    if (found < action) low = middle + 1;
    else high = middle;
  }
  return lists;
}

function writeColumnLists(column: u32, at: u32, end: u32): u32 {
  const selectors = load<u32>(column);
  if (end - at < 4 || (end - at - 4) / LIST < selectors) return 0;
  let lists: u32 = 0;
  for (let i: u32 = 0; i < selectors; i++) {
    const list = load<u32>(section(SECTION_COLUMN_INDEX) + (load<u32>(column + 4 + (i << 2)) << 2));
    if (list != 0) lists = appendList(at, lists, list - 1);
  }
  store<u32>(at, lists);
  return at + 4 + lists * LIST;
}

function appendList(record: u32, lists: u32, list: u32): u32 {
  writeList(list, record + 4 + lists * LIST);
  return lists + 1;
}
