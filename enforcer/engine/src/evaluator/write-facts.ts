/** Writes the facts a policy reads into the slots of the evaluator. What is missing or of a wrong type is unknown. */
import { abi, type FactType, type FactValue, type Facts } from '@sluice/schemas';
import { ALL_SLOTS, type SlotSet } from './facts-read.js';
import { REQUEST, REQUEST_END, type EvaluatorInstance } from './instance.js';
import type { InternFailure } from './interned.js';
import { READ_FACTS, readFact } from './read-fact.js';
import { writeText } from './write-text.js';

export interface FactSlot {
  readonly name: string;
  readonly type: FactType;
}

interface StoredText {
  readonly address: number;
  readonly bytes: number;
}

/** Longer texts are written for one request and not kept. */
const KEPT_TEXT_LENGTH = 128;
const KEPT_TEXTS_LIMIT = 16_384;
const FACTS = abi.FACTS_BASE >> 2;

export class FactWriter {
  readonly #texts = new Map<string, StoredText>();
  /** Where texts and lists of the present request go. */
  #scratch = REQUEST;
  #failure: InternFailure | undefined;

  readonly #slots: readonly (FactSlot & { readonly number: number })[];

  constructor(
    private readonly instance: EvaluatorInstance,
    slots: readonly FactSlot[],
  ) {
    this.#slots = slots.map((slot) => ({ ...slot, number: READ_FACTS.indexOf(slot.name) }));
  }

  /** Facts outside `slots` are not read by this request; they are marked unknown like the missing ones. */
  write(facts: Facts, slots: SlotSet): InternFailure | undefined {
    const { u32 } = this.instance;
    this.#scratch = REQUEST;
    this.#failure = undefined;
    let at = FACTS;
    let bit = 1;
    for (const { type, number, name } of this.#slots) {
      u32[at] = abi.TAG_FAILED;
      if (slots === ALL_SLOTS || (slots & bit) !== 0) {
        const value = readFact(facts, number, name);
        if (value !== undefined) this.#writeFact(type, value, at);
      }
      at += 4;
      bit <<= 1;
    }
    return this.#failure;
  }

  #writeFact(type: FactType, value: FactValue, at: number): void {
    const { u32, i64 } = this.instance;
    switch (type) {
      case 'bool':
        if (typeof value !== 'boolean') return;
        u32[at] = abi.TAG_BOOL;
        u32[at + 2] = value ? 1 : 0;
        u32[at + 3] = 0;
        return;
      case 'int':
        if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) return;
        u32[at] = abi.TAG_INT;
        i64[(at >> 1) + 1] = value;
        return;
      case 'string':
        if (typeof value === 'string') this.#writeString(value, at);
        return;
      case 'list(string)':
        if (Array.isArray(value)) this.#writeList(value, at);
        return;
    }
  }

  #writeString(value: string, at: number): void {
    const text = this.#store(value);
    if (text === undefined) return;
    const { u32 } = this.instance;
    u32[at] = abi.TAG_STRING;
    u32[at + 1] = text.bytes;
    u32[at + 2] = text.address;
    u32[at + 3] = 0;
  }

  #writeList(values: readonly unknown[], at: number): void {
    const { u32 } = this.instance;
    const list = this.#scratch;
    if (list + values.length * 8 > REQUEST_END) {
      this.#failure = 'too_large';
      return;
    }
    this.#scratch += values.length * 8;
    let entry = list >> 2;
    for (const value of values) {
      const text = typeof value === 'string' ? this.#store(value) : undefined;
      if (text === undefined) return;
      u32[entry++] = text.address;
      u32[entry++] = text.bytes;
    }
    u32[at] = abi.TAG_STRING_LIST;
    u32[at + 1] = values.length;
    u32[at + 2] = list;
    u32[at + 3] = 0;
  }

  #store(value: string): StoredText | undefined {
    const known = this.#texts.get(value);
    if (known !== undefined) return known;
    return value.length <= KEPT_TEXT_LENGTH ? this.#keep(value) : this.#storeOnce(value);
  }

  #keep(value: string): StoredText | undefined {
    const { u8, calls } = this.instance;
    const room = value.length * 3;
    const address = this.#texts.size < KEPT_TEXTS_LIMIT ? calls.reserve(Math.max(room, 1)) : 0;
    if (address === 0) {
      this.#failure ??= 'full';
      return undefined;
    }
    const text = { address, bytes: writeText(u8, value, address, address + room) };
    this.#texts.set(value, text);
    return text;
  }

  #storeOnce(value: string): StoredText | undefined {
    const address = this.#scratch;
    const bytes = writeText(this.instance.u8, value, address, REQUEST_END);
    if (bytes < 0) {
      this.#failure = 'too_large';
      return undefined;
    }
    this.#scratch = (address + bytes + 7) & ~7;
    return { address, bytes };
  }
}
