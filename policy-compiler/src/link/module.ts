/** Puts the tables behind the evaluator: one active data segment; every byte of the evaluator stays as it is. */
import { abi } from '@sluice/schemas';

const DATA_SECTION = 11;
const I32_CONST = 0x41;
const END = 0x0b;

export function appendTables(evaluator: Uint8Array, tables: Uint8Array): Uint8Array<ArrayBuffer> {
  const segment = [0x00, I32_CONST, ...signedLeb(abi.TABLES_BASE), END, ...unsignedLeb(tables.length)];
  const head = [...unsignedLeb(1), ...segment];
  const section = [DATA_SECTION, ...unsignedLeb(head.length + tables.length), ...head];
  const module = new Uint8Array(evaluator.length + section.length + tables.length);
  module.set(evaluator);
  module.set(section, evaluator.length);
  module.set(tables, evaluator.length + section.length);
  return module;
}

function unsignedLeb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const more = rest > 0x7f ? 0x80 : 0;
    bytes.push((rest & 0x7f) | more);
    rest >>>= 7;
  } while (rest > 0);
  return bytes;
}

function signedLeb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const byte = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0)) {
      bytes.push(byte);
      return bytes;
    }
    bytes.push(byte | 0x80);
  }
}
