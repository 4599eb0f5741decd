/**
 * What a policy module must be before anything of it is compiled: the evaluator this engine knows, byte for byte,
 * with a policy's tables as its only data (design section 5).
 */
import { createHash } from 'node:crypto';
import { BUNDLE_ERRORS, SluiceError, abi } from '@sluice/schemas';
import { CODE_DIGEST } from './code-digest.js';
import { Reader, malformed, readSections, type Section } from './read-sections.js';

const IMPORT = 2;
const MEMORY = 5;
const START = 8;
const DATA = 11;
const PREAMBLE_BYTES = 8;
const I32_CONST = 0x41;
const END = 0x0b;

export interface InspectedModule {
  readonly wasm: Uint8Array;
  /** The policy's tables, a view of `wasm`. */
  readonly tables: Uint8Array;
  readonly codeDigest: string;
}

/** Refuses everything but the pinned evaluator with one data segment at the place of the tables. */
export function inspectModule(wasm: Uint8Array, codeDigest: string = CODE_DIGEST): InspectedModule {
  const sections = readSections(wasm);
  if (sections.some(({ id }) => id === IMPORT)) {
    throw refused('module_imports', 'the policy module imports something; it must stand alone');
  }
  if (sections.some(({ id }) => id === START)) {
    throw refused('module_start', 'the policy module has a start function; nothing may run while it loads');
  }
  requirePinnedMemory(sections);
  const found = digestOfCode(wasm, sections);
  if (found !== codeDigest) {
    throw refused('module_code', `the code of the policy module has digest ${found}, expected ${codeDigest}`);
  }
  return { wasm, tables: readTables(sections), codeDigest: found };
}

function refused(
  name: 'module_imports' | 'module_start' | 'module_memory' | 'module_code' | 'module_data',
  message: string,
): SluiceError {
  return new SluiceError(BUNDLE_ERRORS[name], message);
}

/** One memory whose least and most pages are the pinned number: views of it can never detach. */
function requirePinnedMemory(sections: readonly Section[]): void {
  const memories = sections.filter(({ id }) => id === MEMORY);
  const [memory] = memories;
  const expected = `one memory of exactly ${abi.MEMORY_PAGES} pages`;
  if (memory === undefined || memories.length !== 1) {
    throw refused('module_memory', `the policy module must have ${expected}`);
  }
  const reader = new Reader(memory.content);
  const fits =
    reader.unsigned() === 1 &&
    reader.byte() === 1 &&
    reader.unsigned() === abi.MEMORY_PAGES &&
    reader.unsigned() === abi.MEMORY_PAGES &&
    reader.done;
  if (!fits) throw refused('module_memory', `the policy module must have ${expected}`);
}

/** SHA-256 of the module without its data section. */
function digestOfCode(wasm: Uint8Array, sections: readonly Section[]): string {
  const hash = createHash('sha256').update(wasm.subarray(0, PREAMBLE_BYTES));
  for (const section of sections) if (section.id !== DATA) hash.update(section.raw);
  return hash.digest('hex');
}

function readTables(sections: readonly Section[]): Uint8Array {
  const data = sections.filter(({ id }) => id === DATA);
  const [only] = data;
  if (only === undefined || data.length !== 1 || sections.at(-1) !== only) {
    throw refused('module_data', 'the policy module must end in one data section');
  }
  const reader = new Reader(only.content);
  const segments = reader.unsigned();
  if (segments !== 1)
    throw refused('module_data', `the policy module has ${segments} data segments, expected 1`);
  if (reader.byte() !== 0 || reader.byte() !== I32_CONST) {
    throw refused('module_data', 'the data segment of the policy module has no constant address');
  }
  const address = reader.signed();
  if (address !== abi.TABLES_BASE || reader.byte() !== END) {
    throw refused('module_data', `the data segment of the policy module must lie at ${abi.TABLES_BASE}`);
  }
  const tables = reader.take(reader.unsigned());
  if (!reader.done) throw malformed('holds bytes behind its data segment');
  if (tables.length > abi.TABLES_LIMIT_BYTES) {
    throw refused(
      'module_data',
      `the tables have ${tables.length} bytes, at most ${abi.TABLES_LIMIT_BYTES} are accepted`,
    );
  }
  return tables;
}
