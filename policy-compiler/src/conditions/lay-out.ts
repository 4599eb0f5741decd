/** Puts the conditions of a whole policy side by side: one table of fact slots, one of automata. */
import { create } from '@bufbuild/protobuf';
import { abi, pb, type FactType } from '@sluice/schemas';
import type { CompiledCondition } from './compile-condition.js';
import type { Instruction, LoweredCondition } from './lower.js';

/** The parts of a plan that conditions make up; `conditions` are in the order they were given. */
export interface ConditionTables {
  readonly facts: readonly pb.FactSlot[];
  readonly conditions: readonly pb.Condition[];
  readonly automata: readonly pb.Automaton[];
}

const FACT_TYPES: Readonly<Record<FactType, pb.FactType>> = {
  bool: pb.FactType.BOOL,
  int: pb.FactType.INT,
  string: pb.FactType.STRING,
  'list(string)': pb.FactType.STRING_LIST,
};

export function layOutConditions(compiled: readonly CompiledCondition[]): ConditionTables {
  const facts = new Map(compiled.flatMap((condition) => condition.facts).map((fact) => [fact.name, fact]));
  const sorted = [...facts.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const slots = new Map(sorted.map((fact, slot) => [fact.name, slot]));
  const automata = new Map<string, pb.Automaton>();
  for (const { automata: own } of compiled) {
    for (const automaton of own)
      automata.set(automaton.pattern, automata.get(automaton.pattern) ?? automaton);
  }
  const automatonIndex = new Map([...automata.keys()].sort().map((pattern, index) => [pattern, index]));
  return {
    facts: sorted.map(({ name, type }) => create(pb.FactSlotSchema, { name, type: FACT_TYPES[type] })),
    automata: [...automatonIndex.keys()].flatMap((pattern) => automata.get(pattern) ?? []),
    conditions: compiled.map((condition) =>
      create(pb.ConditionSchema, {
        cel: condition.cel,
        code: encode(condition, slots, automatonIndex),
        strings: [...condition.strings],
        stringLists: condition.stringLists.map((values) => ({ values: [...values] })),
        ints: [...condition.ints],
        intLists: condition.intLists.map((values) => ({ values: [...values] })),
        stack: condition.stack,
      }),
    ),
  };
}

function encode(
  condition: LoweredCondition,
  slots: ReadonlyMap<string, number>,
  automatonIndex: ReadonlyMap<string, number>,
): Uint8Array<ArrayBuffer> {
  const code = new Uint8Array(condition.instructions.length * 4);
  const view = new DataView(code.buffer);
  condition.instructions.forEach((instruction, index) => {
    const b = placed(instruction, condition, slots, automatonIndex);
    // An index that was lost, or does not fit its 16 bits, must never become another one.
    if (b === undefined || b > 0xffff) throw new RangeError('a condition refers to more than 65,536 entries');
    view.setUint8(index * 4, instruction.operation);
    view.setUint8(index * 4 + 1, instruction.a);
    view.setUint16(index * 4 + 2, b, true);
  });
  return code;
}

function placed(
  { operation, a, b }: Instruction,
  condition: LoweredCondition,
  slots: ReadonlyMap<string, number>,
  automatonIndex: ReadonlyMap<string, number>,
): number | undefined {
  if (operation === abi.OP_FACT || operation === abi.OP_KNOWN)
    return slots.get(condition.facts[b]?.name ?? '');
  const quantifiesMatches = (operation === abi.OP_EXISTS || operation === abi.OP_ALL) && a === abi.OP_MATCHES;
  if (operation === abi.OP_MATCHES || quantifiesMatches) {
    return automatonIndex.get(condition.automata[b]?.pattern ?? '');
  }
  return b;
}
