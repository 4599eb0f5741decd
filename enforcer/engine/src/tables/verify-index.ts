/** The index, its lists and rows, and the rules: every reference in bounds and of the right kind. */
import { abi } from '@sluice/schemas';
import { isPowerOfTwo } from './verify-names.js';
import { must, type SectionView, type TablesView } from './view.js';

const CONNECTIONS_ANY = abi.CONNECTIONS_ANY >>> 0;
const ONE_CONNECTION = 0x80000000;

export function verifyIndex(tables: TablesView): void {
  const lists = tables.section(abi.SECTION_LISTS).entries;
  verifyResourceIndex(tables, lists);
  const columns = tables.section(abi.SECTION_COLUMN_INDEX);
  must(columns.entries === tables.section(abi.SECTION_COLUMNS).entries, 'the column index has another size');
  for (let i = 0; i < columns.entries; i++) {
    must(columns.u32(i) <= lists, 'column names an unknown list', i);
  }
  verifyLists(tables);
  verifyRows(tables);
  verifyRules(tables);
}

function verifyResourceIndex(tables: TablesView, lists: number): void {
  const resources = tables.section(abi.SECTION_RESOURCE_INDEX);
  const entries = tables.section(abi.SECTION_ACTION_ENTRIES);
  const actions = tables.section(abi.SECTION_ACTIONS).entries;
  must(
    resources.entries === tables.section(abi.SECTION_RESOURCES).entries,
    'the resource index has another size',
  );
  for (let i = 0; i < resources.entries; i++) {
    const first = resources.u32(i, 0);
    const end = first + resources.u32(i, 1);
    must(end <= entries.entries, 'resource names unknown action entries', i);
    for (let entry = first + 1; entry < end; entry++) {
      must(entries.u32(entry) > entries.u32(entry - 1), 'the actions of resource do not ascend', i);
    }
  }
  for (let i = 0; i < entries.entries; i++) {
    must(entries.u32(i, 0) < actions, 'action entry names an unknown action', i);
    must(entries.u32(i, 1) < lists, 'action entry names an unknown list', i);
  }
}

function verifyLists(tables: TablesView): void {
  const lists = tables.section(abi.SECTION_LISTS);
  const rows = tables.section(abi.SECTION_ROWS);
  const runs = tables.section(abi.SECTION_RUNS);
  for (let i = 0; i < lists.entries; i++) {
    const first = lists.u32(i, 0);
    const end = first + lists.u32(i, 1);
    must(end <= rows.entries, 'list names unknown rows', i);
    for (let row = first + 1; row < end; row++) {
      must(rows.u32(row) >= rows.u32(row - 1), 'the rows of list are not sorted', i);
    }
    const capacity = lists.u32(i, 3);
    if (capacity !== 0) verifyRuns(i, lists.u32(i, 2), capacity, runs, rows, first, end);
  }
}

/** Every subject of the list is found by its run, at its first row; otherwise rules of it would be passed over. */
function verifyRuns(
  list: number,
  firstRun: number,
  capacity: number,
  runs: SectionView,
  rows: SectionView,
  first: number,
  end: number,
): void {
  must(isPowerOfTwo(capacity) && firstRun + capacity <= runs.entries, 'list names unknown runs', list);
  let used = 0;
  for (let slot = firstRun; slot < firstRun + capacity; slot++) {
    const subject = runs.u32(slot, 0);
    if (subject === 0) continue;
    used++;
    const row = runs.u32(slot, 1);
    must(row >= first && row < end, 'a run of list lies outside of it', list);
    const begins = row === first || rows.u32(row - 1) !== subject - 1;
    must(rows.u32(row) === subject - 1 && begins, 'a run of list begins at another subject', list);
  }
  must(used < capacity, 'the runs of list are full', list);
  let subjects = 0;
  for (let row = first; row < end; row++) {
    if (row > first && rows.u32(row) === rows.u32(row - 1)) continue;
    subjects++;
    must(isReachable(runs, firstRun, capacity, rows.u32(row)), 'a subject of list cannot be found', list);
  }
  must(subjects === used, 'the runs of list name another number of subjects', list);
}

function isReachable(runs: SectionView, first: number, capacity: number, subject: number): boolean {
  let slot = Math.imul(subject, 0x9e3779b1) & (capacity - 1);
  while (runs.u32(first + slot) !== 0) {
    if (runs.u32(first + slot) === subject + 1) return true;
    slot = (slot + 1) & (capacity - 1);
  }
  return false;
}

function verifyRows(tables: TablesView): void {
  const rows = tables.section(abi.SECTION_ROWS);
  const subjects = tables.section(abi.SECTION_SUBJECTS).entries;
  const rules = tables.section(abi.SECTION_RULES).entries;
  for (let i = 0; i < rows.entries; i++) {
    must(rows.u32(i, 0) < subjects, 'row names an unknown subject', i);
    must(rows.u32(i, 1) < rules, 'row names an unknown rule', i);
  }
}

function verifyRules(tables: TablesView): void {
  const rules = tables.section(abi.SECTION_RULES);
  const conditions = tables.section(abi.SECTION_CONDITIONS).entries;
  for (let i = 0; i < rules.entries; i++) {
    must(hasConnections(tables, rules.u32(i, 0)), 'rule names unknown connections', i);
    must(rules.u32(i, 1) <= conditions, 'rule names an unknown condition', i);
    const flags = rules.u32(i, 2);
    const effect = flags & 0xff;
    const mask = flags >>> 16;
    must(
      effect >= abi.EFFECT_ALLOW && effect <= abi.EFFECT_REQUIRE_APPROVAL,
      'rule has an unknown effect',
      i,
    );
    must(((flags >>> 8) & 0xff) <= 1, 'rule has an unknown mode', i);
    const masks = effect === abi.EFFECT_MASK;
    must(masks ? mask >= 1 && mask <= abi.MAX_MASK : mask === 0, 'rule has an unknown mask', i);
  }
}

function hasConnections(tables: TablesView, connections: number): boolean {
  const known = tables.section(abi.SECTION_CONNECTIONS).entries;
  if (connections === CONNECTIONS_ANY) return true;
  if (connections >= ONE_CONNECTION) return connections - ONE_CONNECTION < known;
  return connections + Math.ceil(known / 32) <= tables.section(abi.SECTION_CONNECTION_SETS).entries;
}
