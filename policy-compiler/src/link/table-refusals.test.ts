/** Tables that could make the evaluator read outside, hang or run off are refused before anything runs. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadPolicy, verifyTables } from '@sluice/engine';
import { SECTION_ENTRY_BYTES, SluiceError, abi, type DecisionRequest } from '@sluice/schemas';
import { linkTables } from './link.js';
import { appendTables } from './module.js';
import { infosOf, planOf, requestOf, type RuleText } from './plan.test.support.js';
import { prebuiltEvaluator } from './prebuilt.js';

/** Something in every section: globs, many subjects on one resource, sets of connections, every kind of constant. */
const RULES: readonly RuleText[] = [
  ...Array.from({ length: 40 }, (_, i): RuleText => ({
    effect: 'allow',
    subjects: [`group:g${i}`],
    resources: ['public.orders'],
  })),
  {
    effect: 'deny',
    connections: ['a', 'b'],
    resources: ['payroll.*', '*.secrets'],
    actions: ['select', 'insert'],
  },
  { effect: 'mask', columns: ['*.email', 'public.customers.ssn', 'public.*'] },
  { effect: 'allow', when: 'sql.kind in ["select", "insert"] || sql.estimated_rows in [1, 2, 3]' },
  { effect: 'allow', when: 'session.intent.matches("^[a-c]+x|y$") && sql.tables.exists(t, t == "x.y")' },
  { effect: 'require_approval', when: 'sql.estimated_rows + 5 > 70 ? sql.has_where : request.hour < 9' },
];
const plan = planOf(RULES);
const sound = linkTables(plan);

const SECTION_NAMES = Object.entries(abi)
  .flatMap(([name, value]) =>
    name.startsWith('SECTION_') && typeof value === 'number' ? [[value, name] as const] : [],
  )
  .sort(([a], [b]) => a - b);

function sectionOf(tables: Uint8Array, index: number): { readonly at: number; readonly entries: number } {
  const view = new DataView(tables.buffer, tables.byteOffset);
  const header = abi.HEADER_SECTIONS + index * 8;
  return { at: view.getUint32(header, true) - abi.TABLES_BASE, entries: view.getUint32(header + 4, true) };
}

function withU32(offset: number, value: number): Uint8Array {
  const tables = sound.slice();
  new DataView(tables.buffer).setUint32(offset, value, true);
  return tables;
}

function isRefused(tables: Uint8Array): boolean {
  try {
    verifyTables(tables);
    return false;
  } catch (error) {
    // Only the known kind of error is a refusal; anything else fails the test.
    if (error instanceof SluiceError) return true;
    throw error;
  }
}

/** Word `word` of entry 0 of a section set to a number that no table has room for. */
const INDEXES: readonly (readonly [section: number, word: number, what: string])[] = [
  [abi.SECTION_SUBJECTS, 0, 'address of a subject'],
  [abi.SECTION_SUBJECTS, 1, 'length of a subject'],
  [abi.SECTION_RESOURCE_GLOBS, 0, 'symbol of a glob'],
  [abi.SECTION_RESOURCE_GLOBS, 1, 'address of a glob'],
  [abi.SECTION_RESOURCE_GLOBS, 3, 'prefix of a glob'],
  [abi.SECTION_RESOURCE_INDEX, 0, 'first action entry of a resource'],
  [abi.SECTION_RESOURCE_INDEX, 1, 'action entries of a resource'],
  [abi.SECTION_ACTION_ENTRIES, 0, 'action of an entry'],
  [abi.SECTION_ACTION_ENTRIES, 1, 'list of an entry'],
  [abi.SECTION_COLUMN_INDEX, 0, 'list of a column'],
  [abi.SECTION_LISTS, 0, 'first row of a list'],
  [abi.SECTION_LISTS, 1, 'rows of a list'],
  [abi.SECTION_LISTS, 3, 'runs of a list'],
  [abi.SECTION_ROWS, 0, 'subject of a row'],
  [abi.SECTION_ROWS, 1, 'rule of a row'],
  [abi.SECTION_RULES, 0, 'connections of a rule'],
  [abi.SECTION_RULES, 1, 'condition of a rule'],
  [abi.SECTION_RULES, 2, 'effect of a rule'],
  [abi.SECTION_CONDITIONS, 0, 'first instruction of a condition'],
  [abi.SECTION_CONDITIONS, 1, 'instructions of a condition'],
  [abi.SECTION_CONDITIONS, 2, 'strings of a condition'],
  [abi.SECTION_CONDITIONS, 4, 'string lists of a condition'],
  [abi.SECTION_CONDITIONS, 6, 'ints of a condition'],
  [abi.SECTION_CONDITIONS, 8, 'int lists of a condition'],
  [abi.SECTION_CONDITIONS, 10, 'stack of a condition'],
  [abi.SECTION_STRINGS, 0, 'address of a string'],
  [abi.SECTION_STRING_LISTS, 1, 'length of a string list'],
  [abi.SECTION_INT_LISTS, 0, 'first int of an int list'],
  [abi.SECTION_AUTOMATA, 0, 'states of an automaton'],
  [abi.SECTION_AUTOMATA, 1, 'classes of an automaton'],
  [abi.SECTION_AUTOMATA, 2, 'ranges of an automaton'],
  [abi.SECTION_AUTOMATA, 5, 'transitions of an automaton'],
  [abi.SECTION_RANGE_STARTS, 0, 'first range of an automaton'],
  [abi.SECTION_RANGE_CLASSES, 0, 'class of a range'],
  [abi.SECTION_TRANSITIONS, 0, 'next state of an automaton'],
  [abi.SECTION_FACTS, 0, 'name of a fact'],
  [abi.SECTION_FACTS, 2, 'type of a fact'],
];

describe('table verification', () => {
  test('accepts what the linker writes, with something in every section', () => {
    assert.equal(isRefused(sound), false);
    for (const [index, name] of SECTION_NAMES) {
      assert.ok(sectionOf(sound, index).entries > 0, `${name} is empty: it would not be tested`);
    }
  });

  for (const [section, word, what] of INDEXES) {
    test(`refuses a wrong ${what}`, () => {
      const { at } = sectionOf(sound, section);
      assert.equal(isRefused(withU32(at + word * 4, 0x7fffffff)), true);
    });
  }

  for (const [index, name] of SECTION_NAMES) {
    test(`refuses ${name} outside of the tables`, () => {
      const header = abi.HEADER_SECTIONS + index * 8;
      const { at, entries } = sectionOf(sound, index);
      const end = abi.TABLES_BASE + sound.length;
      assert.equal(isRefused(withU32(header, 0)), true);
      assert.equal(isRefused(withU32(header, end - (end % 8))), true);
      assert.equal(isRefused(withU32(header, abi.TABLES_BASE + at + 1)), true);
      assert.equal(isRefused(withU32(header + 4, entries + sound.length)), true);
    });
  }

  test('refuses another magic number, interface version or length', () => {
    for (const offset of [abi.HEADER_MAGIC, abi.HEADER_ABI, abi.HEADER_BYTES]) {
      assert.equal(isRefused(withU32(offset, 77)), true);
    }
    assert.equal(isRefused(sound.subarray(0, sound.length - 8)), true);
    assert.equal(isRefused(sound.subarray(0, 16)), true);
  });
});

/** Instructions as [operation, a, b]. */
type Code = readonly (readonly [operation: number, a: number, b: number])[];

/** The tables of one rule whose condition is this code. */
function tablesOf(code: Code, stack: number): Uint8Array {
  const own = planOf([{ effect: 'deny', when: 'sql.has_where' }]);
  const [condition] = own.conditions;
  assert.ok(condition);
  condition.code = Uint8Array.from(code.flatMap(([operation, a, b]) => [operation, a, b & 0xff, b >> 8]));
  condition.stack = stack;
  return linkTables(own);
}

const RETURN = [abi.OP_RETURN, 0, 0] as const;
const TRUE = [abi.OP_TRUE, 0, 0] as const;
const FACT = [abi.OP_FACT, 0, 0] as const;
const NOT = [abi.OP_NOT, 0, 0] as const;

const UNSOUND_CODE: readonly (readonly [name: string, code: Code, stack: number])[] = [
  ['no instruction', [], 1],
  ['no RETURN', [TRUE], 1],
  ['a path without RETURN', [TRUE, [abi.OP_JUMP_IF_TRUE, 0, 1], RETURN], 1],
  ['a jump outside', [TRUE, [abi.OP_JUMP_IF_TRUE, 0, 5], RETURN], 1],
  ['a jump to the end', [TRUE, [abi.OP_JUMP_IF_FALSE, 0, 2], NOT, RETURN], 1],
  ['an empty stack', [NOT, RETURN], 1],
  ['RETURN of nothing', [RETURN], 1],
  ['RETURN with values left', [TRUE, TRUE, RETURN], 2],
  ['a stack deeper than it says', [TRUE, TRUE, [abi.OP_AND, 0, 0], RETURN], 1],
  ['a stack deeper than there is', [TRUE, RETURN], abi.MAX_STACK + 1],
  ['no stack', [TRUE, RETURN], 0],
  ['paths that meet with different stacks', [TRUE, [abi.OP_JUMP_IF_TRUE, 0, 1], FACT, RETURN], 2],
  ['an instruction that nothing reaches', [TRUE, RETURN, RETURN], 1],
  ['an unknown operation', [TRUE, [99, 0, 0], RETURN], 1],
  ['an operand where none belongs', [[abi.OP_TRUE, 1, 0], RETURN], 1],
  ['an unknown fact', [[abi.OP_FACT, 0, 1], RETURN], 1],
  ['an unknown fact asked for', [[abi.OP_KNOWN, 0, 1], RETURN], 1],
  ['an unknown int', [[abi.OP_INT, 0, 0], RETURN], 1],
  ['an unknown string', [[abi.OP_STRING, 0, 0], RETURN], 1],
  ['an unknown string list', [[abi.OP_STRING_LIST, 0, 0], RETURN], 1],
  ['an unknown int list', [[abi.OP_INT_LIST, 0, 0], RETURN], 1],
  ['an unknown automaton', [FACT, [abi.OP_MATCHES, 0, 0], RETURN], 1],
  ['an unknown automaton for a list', [FACT, [abi.OP_EXISTS, abi.OP_MATCHES, 0], RETURN], 1],
  ['a relation that lists do not have', [FACT, FACT, [abi.OP_ALL, abi.OP_LT, 0], RETURN], 2],
];

describe('condition verification', () => {
  test('accepts sound code', () => {
    assert.equal(
      isRefused(tablesOf([FACT, [abi.OP_JUMP_IF_FALSE, 0, 2], TRUE, [abi.OP_AND, 0, 0], RETURN], 2)),
      false,
    );
  });
  for (const [name, code, stack] of UNSOUND_CODE) {
    test(`refuses ${name}`, () => assert.equal(isRefused(tablesOf(code, stack)), true));
  }
});

/** mulberry32. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
}

const FUZZ_ROUNDS = 1500;
const FUZZ_SEED = Number(process.env.SLUICE_SEED ?? Math.floor(Math.random() * 2 ** 31));

test(`random changes of tables are refused or harmless (SLUICE_SEED=${FUZZ_SEED})`, () => {
  const random = randomFrom(FUZZ_SEED);
  const requests: readonly DecisionRequest[] = [
    requestOf({ groups: ['g1', 'g39'], connection: 'a', columns: ['public.customers.ssn', 'x.y.email'] }),
    requestOf({
      accesses: [{ action: 'insert', resource: 'payroll.secrets' }],
      facts: {
        'sql.kind': 'select',
        'sql.estimated_rows': 3n,
        'session.intent': 'abcx',
        'sql.tables': ['x.y'],
      },
    }),
  ];
  const text = sectionOf(sound, abi.SECTION_TEXT);
  let ran = 0;
  for (let round = 0; round < FUZZ_ROUNDS; round++) {
    const tables = sound.slice();
    for (let i = 0; i <= random(3); i++) {
      // Not in the texts, where any byte is as good as another.
      const at =
        random(2) === 0
          ? random(text.at)
          : text.at + text.entries + random(tables.length - text.at - text.entries);
      tables[at] = random(2) === 0 ? random(256) : (tables[at] ?? 0) ^ (1 << random(8));
    }
    if (isRefused(tables)) continue;
    ran++;
    const started = performance.now();
    const policy = loadUnlisted(tables);
    if (policy === undefined) continue;
    for (const request of requests) {
      const { reason } = policy.decide(request);
      assert.notEqual(reason, 'evaluator_failed', `round ${round} traps or runs out of fuel`);
    }
    assert.ok(performance.now() - started < 5000, `round ${round} hangs`);
  }
  assert.ok(ran > 10, `only ${ran} of ${FUZZ_ROUNDS} changed tables were run`);
});

/** Undefined when the change was one of effects, which the list of rules gives away. */
function loadUnlisted(tables: Uint8Array): ReturnType<typeof loadPolicy> | undefined {
  try {
    return loadPolicy(appendTables(prebuiltEvaluator(), tables), infosOf(plan));
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'SLU3109') return undefined;
    throw error;
  }
}

test('every section has a size of entries', () => {
  assert.equal(SECTION_NAMES.length, abi.SECTIONS);
  assert.equal(SECTION_ENTRY_BYTES.length, abi.SECTIONS);
});
