/**
 * Conditions before they run: every index in bounds, jumps forward and inside, the stack never empty or too deep,
 * and every path ends in RETURN. The evaluator itself checks none of this.
 */
import { abi } from '@sluice/schemas';
import { verifyTexts } from './verify-names.js';
import { must, type SectionView, type TablesView } from './view.js';

export function verifyConditions(tables: TablesView): void {
  verifyTexts(tables, abi.SECTION_FACTS);
  verifyTexts(tables, abi.SECTION_STRINGS);
  const facts = tables.section(abi.SECTION_FACTS);
  must(facts.entries <= abi.MAX_FACTS, 'there are too many facts');
  for (let i = 0; i < facts.entries; i++) {
    must(facts.u32(i, 2) >= 1 && facts.u32(i, 2) <= 4, 'fact has an unknown type', i);
  }
  verifyRanges(tables.section(abi.SECTION_STRING_LISTS), tables.section(abi.SECTION_STRINGS).entries);
  verifyRanges(tables.section(abi.SECTION_INT_LISTS), tables.section(abi.SECTION_INTS).entries);
  const conditions = tables.section(abi.SECTION_CONDITIONS);
  for (let i = 0; i < conditions.entries; i++) verifyCondition(tables, conditions, i);
  const automata = tables.section(abi.SECTION_AUTOMATA);
  for (let i = 0; i < automata.entries; i++) verifyAutomaton(tables, automata, i);
}

function verifyRanges(lists: SectionView, values: number): void {
  for (let i = 0; i < lists.entries; i++) {
    must(lists.u32(i, 0) + lists.u32(i, 1) <= values, 'constant list lies outside', i);
  }
}

/** How many constants of each kind an instruction of this condition may name. */
interface Bounds {
  readonly facts: number;
  readonly strings: number;
  readonly stringLists: number;
  readonly ints: number;
  readonly intLists: number;
  readonly automata: number;
}

const POOLS = [
  abi.SECTION_CODE,
  abi.SECTION_STRINGS,
  abi.SECTION_STRING_LISTS,
  abi.SECTION_INTS,
  abi.SECTION_INT_LISTS,
] as const;

function verifyCondition(tables: TablesView, conditions: SectionView, index: number): void {
  POOLS.forEach((pool, i) => {
    const end = conditions.u32(index, i * 2) + conditions.u32(index, i * 2 + 1);
    must(end <= tables.section(pool).entries, 'condition names unknown constants', index);
  });
  const stack = conditions.u32(index, 10);
  must(stack >= 1 && stack <= abi.MAX_STACK, 'condition needs a stack of', index);
  const bounds: Bounds = {
    facts: tables.section(abi.SECTION_FACTS).entries,
    strings: conditions.u32(index, 3),
    stringLists: conditions.u32(index, 5),
    ints: conditions.u32(index, 7),
    intLists: conditions.u32(index, 9),
    automata: tables.section(abi.SECTION_AUTOMATA).entries,
  };
  verifyCode(
    tables.section(abi.SECTION_CODE),
    conditions.u32(index, 0),
    conditions.u32(index, 1),
    bounds,
    stack,
  );
}

/** Runs the code over stack depths alone: one pass is enough because jumps only go forward. */
function verifyCode(code: SectionView, first: number, length: number, bounds: Bounds, stack: number): void {
  must(length > 0, 'a condition is empty');
  const depthAt: (number | undefined)[] = Array.from({ length });
  depthAt[0] = 0;
  const arrive = (at: number, depth: number): void => {
    must(at < length, 'a condition runs past its end');
    must(
      depthAt[at] === undefined || depthAt[at] === depth,
      'paths of a condition meet with different stacks',
    );
    depthAt[at] = depth;
  };
  for (let at = 0; at < length; at++) {
    const depth = depthAt[at];
    must(depth !== undefined, 'a condition holds an instruction that nothing reaches');
    const instruction = code.u32(first + at);
    const operation = instruction & 0xff;
    const a = (instruction >>> 8) & 0xff;
    const b = instruction >>> 16;
    const { pops, pushes } = effectOf(operation, a, b, bounds);
    must(depth >= pops, 'a condition pops more than it pushed');
    const after = depth - pops + pushes;
    must(after <= stack, 'a condition pushes more than its stack holds');
    if (operation === abi.OP_RETURN) {
      must(depth === 1, 'a condition returns with another stack than one value');
      continue;
    }
    arrive(at + 1, after);
    if (operation === abi.OP_JUMP_IF_FALSE || operation === abi.OP_JUMP_IF_TRUE) arrive(at + 1 + b, after);
  }
}

const QUANTIFIED = new Set<number>([
  abi.OP_EQ,
  abi.OP_NE,
  abi.OP_IN,
  abi.OP_STARTS_WITH,
  abi.OP_ENDS_WITH,
  abi.OP_CONTAINS,
]);
const UNARY = new Set<number>([
  abi.OP_NOT,
  abi.OP_NEG,
  abi.OP_SIZE,
  abi.OP_JUMP_IF_FALSE,
  abi.OP_JUMP_IF_TRUE,
]);
const BINARY = new Set<number>([
  abi.OP_AND,
  abi.OP_OR,
  abi.OP_EQ,
  abi.OP_NE,
  abi.OP_LT,
  abi.OP_LE,
  abi.OP_GT,
  abi.OP_GE,
  abi.OP_ADD,
  abi.OP_SUB,
  abi.OP_MUL,
  abi.OP_DIV,
  abi.OP_MOD,
  abi.OP_IN,
  abi.OP_STARTS_WITH,
  abi.OP_ENDS_WITH,
  abi.OP_CONTAINS,
]);

/** What an instruction does to the stack; refuses operations and operands that are not in the list. */
function effectOf(operation: number, a: number, b: number, bounds: Bounds): { pops: number; pushes: number } {
  if (operation === abi.OP_EXISTS || operation === abi.OP_ALL) {
    if (a === abi.OP_MATCHES) {
      must(b < bounds.automata, 'a condition names an unknown automaton');
      return { pops: 1, pushes: 1 };
    }
    must(QUANTIFIED.has(a), 'a condition uses operation on the entries of a list', a);
    return { pops: 2, pushes: 1 };
  }
  must(a === 0, 'a condition holds an instruction with an operand it does not take');
  const constants = constantsOf(operation, bounds);
  if (constants !== undefined) {
    must(b < constants, 'a condition names an unknown constant');
    return { pops: 0, pushes: 1 };
  }
  if (operation === abi.OP_MATCHES) {
    must(b < bounds.automata, 'a condition names an unknown automaton');
    return { pops: 1, pushes: 1 };
  }
  if (operation === abi.OP_TRUE || operation === abi.OP_FALSE) return { pops: 0, pushes: 1 };
  if (operation === abi.OP_RETURN) return { pops: 1, pushes: 0 };
  if (operation === abi.OP_SELECT) return { pops: 3, pushes: 1 };
  if (UNARY.has(operation)) return { pops: 1, pushes: 1 };
  must(BINARY.has(operation), 'a condition holds unknown operation', operation);
  return { pops: 2, pushes: 1 };
}

function constantsOf(operation: number, bounds: Bounds): number | undefined {
  switch (operation) {
    case abi.OP_FACT:
    case abi.OP_KNOWN:
      return bounds.facts;
    case abi.OP_INT:
      return bounds.ints;
    case abi.OP_STRING:
      return bounds.strings;
    case abi.OP_STRING_LIST:
      return bounds.stringLists;
    case abi.OP_INT_LIST:
      return bounds.intLists;
    default:
      return undefined;
  }
}

const LAST_CODE_POINT = 0x10ffff;

function verifyAutomaton(tables: TablesView, automata: SectionView, index: number): void {
  const states = automata.u32(index, 0);
  const classes = automata.u32(index, 1);
  const ranges = automata.u32(index, 2);
  const starts = tables.section(abi.SECTION_RANGE_STARTS);
  const rangeClasses = tables.section(abi.SECTION_RANGE_CLASSES);
  const transitions = tables.section(abi.SECTION_TRANSITIONS);
  const firstStart = automata.u32(index, 3);
  const firstClass = automata.u32(index, 4);
  const firstTransition = automata.u32(index, 5);
  must(states > 0 && classes > 0 && ranges > 0, 'automaton is empty', index);
  must(firstStart + ranges <= starts.entries, 'the ranges of automaton lie outside', index);
  must(firstClass + ranges <= rangeClasses.entries, 'the classes of automaton lie outside', index);
  must(firstTransition + states * classes <= transitions.entries, 'automaton lies outside', index);
  const accepting = tables.section(abi.SECTION_ACCEPTING).entries;
  must(automata.u32(index, 6) + states <= accepting, 'automaton lies outside', index);
  must(starts.u32(firstStart) === 0, 'the ranges of automaton do not begin at 0', index);
  for (let i = 0; i < ranges; i++) {
    const start = starts.u32(firstStart + i);
    must(start <= LAST_CODE_POINT, 'automaton has a range beyond the last code point', index);
    must(i === 0 || start > starts.u32(firstStart + i - 1), 'the ranges of automaton do not ascend', index);
    must(rangeClasses.u16(firstClass + i) < classes, 'automaton has an unknown class', index);
  }
  for (let i = 0; i < states * classes; i++) {
    must(transitions.u16(firstTransition + i) < states, 'automaton goes to an unknown state', index);
  }
}
