/** Byte code of conditions, their constants, the automata of their regular expressions, and the fact slots. */
import { BUNDLE_ERRORS, SluiceError, abi, type pb } from '@sluice/schemas';
import type { Tables } from './tables.js';

export function writeConditions(tables: Tables, plan: pb.Plan): void {
  for (const fact of plan.facts) {
    const { address, bytes } = tables.text(fact.name);
    tables.section(abi.SECTION_FACTS).u32(address, bytes, fact.type, 0);
  }
  for (const condition of plan.conditions) writeCondition(tables, condition);
  for (const automaton of plan.automata) writeAutomaton(tables, automaton);
}

function writeCondition(tables: Tables, condition: pb.Condition): void {
  const code = tables.section(abi.SECTION_CODE);
  const strings = tables.section(abi.SECTION_STRINGS);
  const stringLists = tables.section(abi.SECTION_STRING_LISTS);
  const ints = tables.section(abi.SECTION_INTS);
  const intLists = tables.section(abi.SECTION_INT_LISTS);
  tables
    .section(abi.SECTION_CONDITIONS)
    .u32(
      code.length / 4,
      condition.code.length / 4,
      strings.length / 8,
      condition.strings.length,
      stringLists.length / 8,
      condition.stringLists.length,
      ints.length / 8,
      condition.ints.length,
      intLists.length / 8,
      condition.intLists.length,
      condition.stack,
      0,
    );
  code.append(condition.code);
  const writeStrings = (values: readonly string[]): void => {
    for (const value of values) {
      const { address, bytes } = tables.text(value);
      strings.u32(address, bytes);
    }
  };
  writeStrings(condition.strings);
  for (const list of condition.stringLists) {
    stringLists.u32(strings.length / 8, list.values.length);
    writeStrings(list.values);
  }
  for (const value of condition.ints) ints.i64(value);
  for (const list of condition.intLists) {
    intLists.u32(ints.length / 8, list.values.length);
    for (const value of list.values) ints.i64(value);
  }
}

const LARGEST_STATE = 0xffff;

function writeAutomaton(tables: Tables, automaton: pb.Automaton): void {
  const starts = tables.section(abi.SECTION_RANGE_STARTS);
  const classes = tables.section(abi.SECTION_RANGE_CLASSES);
  const transitions = tables.section(abi.SECTION_TRANSITIONS);
  const accepting = tables.section(abi.SECTION_ACCEPTING);
  const states = automaton.accepting.length;
  if (states > LARGEST_STATE || automaton.classes > LARGEST_STATE) {
    throw new SluiceError(
      BUNDLE_ERRORS.policy_too_large,
      `the automaton of \`${automaton.pattern}\` has ${states} states; at most ${LARGEST_STATE} are supported`,
    );
  }
  tables
    .section(abi.SECTION_AUTOMATA)
    .u32(
      states,
      automaton.classes,
      automaton.rangeStarts.length,
      starts.length / 4,
      classes.length / 2,
      transitions.length / 2,
      accepting.length,
    );
  starts.u32(...automaton.rangeStarts);
  for (const value of automaton.rangeClasses) classes.u16(value);
  for (const state of automaton.transitions) transitions.u16(state);
  for (const accepts of automaton.accepting) accepting.u8(accepts ? 1 : 0);
}
