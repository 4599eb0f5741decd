/**
 * Which facts a request can make the evaluator read: those in conditions of rules that its shape leads to. Only
 * these are written for it; the others are marked unknown, so a mistake here could only make a condition fail.
 */
import { abi } from '@sluice/schemas';
import type { TablesView } from '../tables/view.js';

/** A set of fact slots: bit n stands for slot n. */
export type SlotSet = number;

export const ALL_SLOTS: SlotSet = -1;
/** Slots beyond the bits of a `SlotSet` make every set `ALL_SLOTS`. */
const BITS = 32;
/** Longer lists are not looked through: they most likely lead to every fact. */
const ROWS_LIMIT = 64;

/** Those of `all` slots that are in the set. */
export const slotsIn = <T>(slots: SlotSet, all: readonly T[]): readonly T[] =>
  slots === ALL_SLOTS ? all : all.filter((_, slot) => (slots & (1 << slot)) !== 0);

export class FactsRead {
  readonly #byCondition: readonly SlotSet[];
  /** Index into the memory's 32-bit words. */
  readonly #rules: number;

  constructor(view: TablesView) {
    this.#byCondition = slotsByCondition(view);
    this.#rules = view.header(abi.HEADER_SECTIONS + abi.SECTION_RULES * 8) >> 2;
  }

  /** `words` is the memory of the instance, `address` that of a shape (schemas/ABI.md, "Interned"). */
  byShape(words: Uint32Array, address: number): SlotSet {
    const word = (index: number): number => words[index] ?? 0;
    let at = address >> 2;
    const targets = word(at + 1) + word(at + 2);
    at += 3;
    let slots: SlotSet = 0;
    for (let target = 0; target < targets; target++) {
      const lists = word(at);
      at += 1;
      for (let list = 0; list < lists; list++, at += 4) {
        const end = word(at + 1) >> 2;
        const first = word(at) >> 2;
        if ((end - first) >> 1 > ROWS_LIMIT) return ALL_SLOTS;
        for (let row = first; row < end; row += 2) slots |= this.#byRule(word(row + 1), word);
      }
    }
    return slots;
  }

  #byRule(rule: number, word: (index: number) => number): SlotSet {
    const condition = word(this.#rules + rule * 4 + 1);
    return condition === 0 ? 0 : (this.#byCondition[condition - 1] ?? ALL_SLOTS);
  }
}

function slotsByCondition(view: TablesView): readonly SlotSet[] {
  const conditions = view.section(abi.SECTION_CONDITIONS);
  const code = view.section(abi.SECTION_CODE);
  const tooMany = view.section(abi.SECTION_FACTS).entries > BITS;
  return Array.from({ length: conditions.entries }, (_, condition) => {
    if (tooMany) return ALL_SLOTS;
    const first = conditions.u32(condition, 0);
    const instructions = conditions.u32(condition, 1);
    let slots: SlotSet = 0;
    for (let i = first; i < first + instructions; i++) {
      const instruction = code.u32(i);
      const operation = instruction & 0xff;
      if (operation === abi.OP_FACT || operation === abi.OP_KNOWN) slots |= 1 << (instruction >>> 16);
    }
    return slots;
  });
}
