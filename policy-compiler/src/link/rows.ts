/**
 * The index: which rules may apply to a resource and action, or to a column. Each is a list of rows sorted by
 * subject; equal lists are stored once, and long ones get a hash by subject.
 */
import { BUNDLE_ERRORS, SluiceError, abi, pb } from '@sluice/schemas';
import { capacityFor } from './names.js';
import type { Tables } from './tables.js';

/** Lists up to this many rows are read through faster than they are looked up in. */
const SHORT_LIST_ROWS = 32;
/** Rows before equal lists are joined; keeps linking within bounded time and memory. */
const ROWS_LIMIT = 16_777_216;

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
    const pairs = rules.flatMap((rule) => (this.#subjects[rule] ?? []).map((subject) => ({ subject, rule })));
    const rows = this.tables.section(abi.SECTION_ROWS);
    const first = rows.length / 8;
    if (first + pairs.length > ROWS_LIMIT) {
      throw new SluiceError(
        BUNDLE_ERRORS.policy_too_large,
        `the policies need more than ${ROWS_LIMIT} index rows; name fewer subjects, actions or resources in each rule`,
      );
    }
    pairs.sort((a, b) => a.subject - b.subject || a.rule - b.rule);
    const runs = this.tables.section(abi.SECTION_RUNS);
    const firstRun = runs.length / 8;
    const capacity = pairs.length > SHORT_LIST_ROWS ? writeRuns(runs, pairs, first) : 0;
    for (const { subject, rule } of pairs) rows.u32(subject, rule);
    this.tables.section(abi.SECTION_LISTS).u32(first, pairs.length, firstRun, capacity);
  }
}

function writeRuns(
  runs: { append(bytes: Uint8Array): void },
  pairs: readonly { readonly subject: number }[],
  first: number,
): number {
  const starts = pairs.flatMap(({ subject }, i) =>
    subject === pairs[i - 1]?.subject ? [] : [{ subject, row: first + i }],
  );
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
