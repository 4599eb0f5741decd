/**
 * The index: which rules may apply to a resource and action, or to a column. Each is a list of rows sorted by
 * subject; equal lists are stored once, and long ones get a hash by subject.
 */
import { BUNDLE_ERRORS, SluiceError, abi, pb } from '@sluice/schemas';
import { capacityFor } from './names.js';
import type { Tables } from './tables.js';

/** Lists up to this many rows are read through faster than they are looked up in. */
const SHORT_LIST_ROWS = 32;
const ROW_BYTES = 8;
/** More would not fit into the tables; known before the work is done. */
const ROWS_LIMIT = abi.TABLES_LIMIT_BYTES / ROW_BYTES;

/** Rules by selector, before their rows are written. */
type RulesBySelector = Map<number, number[]>;

export function writeIndex(tables: Tables, plan: pb.Plan): void {
  const lists = new Lists(tables, plan);
  const byResource: (RulesBySelector | undefined)[] = [];
  const byColumn: (number[] | undefined)[] = [];
  plan.rules.forEach((rule, index) => {
    if (rule.effect === pb.Effect.MASK) {
      for (const column of new Set(rule.columns)) (byColumn[column] ??= []).push(index);
      return;
    }
    for (const resource of new Set(rule.resources)) {
      const byAction = (byResource[resource] ??= new Map<number, number[]>());
      for (const action of new Set(rule.actions)) {
        const rules = byAction.get(action);
        if (rules) rules.push(index);
        else byAction.set(action, [index]);
      }
    }
  });
  writeResources(tables, plan, byResource, lists);
  const columns = tables.section(abi.SECTION_COLUMN_INDEX);
  plan.columns.forEach((_, column) => {
    const rules = byColumn[column];
    columns.u32(rules === undefined ? 0 : lists.add(rules) + 1);
  });
}

function writeResources(
  tables: Tables,
  plan: pb.Plan,
  byResource: readonly (RulesBySelector | undefined)[],
  lists: Lists,
): void {
  const index = tables.section(abi.SECTION_RESOURCE_INDEX);
  const entries = tables.section(abi.SECTION_ACTION_ENTRIES);
  plan.resources.forEach((_, resource) => {
    const byAction = [...(byResource[resource] ?? [])].sort(([a], [b]) => a - b);
    index.u32(entries.length / 8, byAction.length);
    for (const [action, rules] of byAction) entries.u32(action, lists.add(rules));
  });
}

class Lists {
  readonly #byRules = new Map<string, number>();
  readonly #subjects: readonly (readonly number[])[];
  #count = 0;

  constructor(
    private readonly tables: Tables,
    plan: pb.Plan,
  ) {
    this.#subjects = plan.rules.map((rule) => [...new Set(rule.subjects)]);
  }

  /** The list of these rules (ascending); made on first use. */
  add(rules: readonly number[]): number {
    const key = rules.join();
    const known = this.#byRules.get(key);
    if (known !== undefined) return known;
    const list = this.#count++;
    this.#byRules.set(key, list);
    this.#write(rules);
    return list;
  }

  #write(rules: readonly number[]): void {
    const rows = this.tables.section(abi.SECTION_ROWS);
    const first = rows.length / ROW_BYTES;
    const sorted = this.#sortedRows(rules, ROWS_LIMIT - first);
    const runs = this.tables.section(abi.SECTION_RUNS);
    const firstRun = runs.length / ROW_BYTES;
    const capacity = sorted.length > SHORT_LIST_ROWS * 2 ? writeRuns(runs, sorted, first) : 0;
    rows.append(new Uint8Array(sorted.buffer, sorted.byteOffset, sorted.byteLength));
    this.tables.section(abi.SECTION_LISTS).u32(first, sorted.length / 2, firstRun, capacity);
  }

  /** (subject, rule) of each row, sorted by both. */
  #sortedRows(rules: readonly number[], limit: number): Uint32Array {
    const subjectsOf = (rule: number): readonly number[] => this.#subjects[rule] ?? [];
    const count = rules.reduce((sum, rule) => sum + subjectsOf(rule).length, 0);
    if (count > limit) throw tooManyRows();
    const keys = new Float64Array(count);
    let i = 0;
    for (const rule of rules)
      for (const subject of subjectsOf(rule)) keys[i++] = subject * SUBJECT_UNIT + rule;
    keys.sort();
    const rows = new Uint32Array(count * 2);
    keys.forEach((key, row) => {
      rows[row * 2] = Math.floor(key / SUBJECT_UNIT);
      rows[row * 2 + 1] = key % SUBJECT_UNIT;
    });
    return rows;
  }
}

/** Subject and rule in one number that sorts by both; a rule has a number below this. */
const SUBJECT_UNIT = 2 ** 26;

function tooManyRows(): SluiceError {
  return new SluiceError(
    BUNDLE_ERRORS.policy_too_large,
    `the policies need more than ${ROWS_LIMIT} index rows; name fewer subjects, actions or resources in each rule`,
  );
}

function writeRuns(runs: { append(bytes: Uint8Array): void }, rows: Uint32Array, first: number): number {
  const starts: { readonly subject: number; readonly row: number }[] = [];
  for (let i = 0; i < rows.length; i += 2) {
    const subject = rows[i] ?? 0;
    if (i === 0 || rows[i - 2] !== subject) starts.push({ subject, row: first + i / 2 });
  }
  const capacity = capacityFor(starts.length);
  const slots = new Uint32Array(capacity * 2);
  for (const { subject, row } of starts) {
    let slot = Math.imul(subject, 0x9e3779b1) & (capacity - 1);
    while (slots[slot * 2] !== 0) slot = (slot + 1) & (capacity - 1);
    slots[slot * 2] = subject + 1;
    slots[slot * 2 + 1] = row;
  }
  runs.append(new Uint8Array(slots.buffer));
  return capacity;
}
