/**
 * The server's own grammar, compiled to WebAssembly (libpg-query 18). The package's own entry point keeps one
 * instance for ever; a text that overflows the stack breaks an instance, so here they can be replaced: one works,
 * one is kept in reserve, and anything but a clean answer retires the one that gave it.
 */
import { createRequire } from 'node:module';
import { join, dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { REQUEST_ERRORS } from '@sluice/schemas';
import { found, refused, type Result } from '../result.js';
import { toBytes, type ByteText } from './byte-text.js';
import { plainTokens, type TokenOffsets } from './plain-tokens.js';
import type { Raw } from './raw.js';

/** The part of the Emscripten module that is used. Pointers are numbers. */
interface Instance {
  _malloc(size: number): number;
  _free(pointer: number): void;
  _wasm_parse_query_raw(text: number): number;
  _wasm_free_parse_result(result: number): void;
  _wasm_scan(text: number): number;
  _wasm_free_string(text: number): void;
  /** Another array once the memory has grown. */
  readonly HEAPU8: Uint8Array<ArrayBuffer>;
  getValue(pointer: number, type: 'i32'): number;
}

export interface Parsed {
  readonly statements: readonly Raw[];
  readonly bytes: ByteText;
  readonly tokens: TokenOffsets;
}

const COMMENT_TYPES: ReadonlySet<number> = new Set([275, 276]);

let create: (() => Promise<Instance>) | undefined;
let current: Instance | undefined;
let reserve: Instance | undefined;

/** Loads and warms the parser. Everything after is synchronous. */
export async function loadParser(): Promise<void> {
  if (create === undefined) {
    const entry = createRequire(import.meta.url).resolve('libpg-query');
    const module: unknown = await import(pathToFileURL(join(dirname(entry), 'libpg-query.js')).href);
    create = factoryOf(module);
  }
  current ??= warmed(await create());
  reserve ??= warmed(await create());
}

/** Parses one text. Refuses what does not parse; a parser that misbehaves is replaced and the text refused. */
export function parse(text: string): Result<Parsed> {
  return withInstance((instance) => {
    const statements = callParse(instance, text);
    if (typeof statements === 'string') return refused(REQUEST_ERRORS.unparsed, statements);
    const bytes = toBytes(text);
    return found({ statements, bytes, tokens: plainTokens(bytes) ?? callScan(instance, text) });
  });
}

/** The tokens as the server's scanner reads them; `plainTokens` answers most texts at a tenth of the cost. */
export function scan(text: string): Result<TokenOffsets> {
  return withInstance((instance) => found(callScan(instance, text)));
}

/** As `parse`, without the tokens. */
export function parseTree(text: string): Result<readonly Raw[]> {
  return withInstance((instance) => {
    const statements = callParse(instance, text);
    return typeof statements === 'string' ? refused(REQUEST_ERRORS.unparsed, statements) : found(statements);
  });
}

function withInstance<T>(use: (instance: Instance) => Result<T>): Result<T> {
  const instance = current;
  if (instance === undefined) return refused(REQUEST_ERRORS.internal, 'the parser is not loaded');
  try {
    return use(instance);
  } catch {
    // Fail closed: a trap or a broken answer leaves the instance in doubt; refuse the text and retire it.
    current = reserve;
    reserve = undefined;
    void loadParser().catch(() => undefined); // without a new instance every text is refused above
    return refused(REQUEST_ERRORS.too_large, 'the statement is nested too deeply to be parsed');
  }
}

function warmed(instance: Instance): Instance {
  callParse(instance, 'SELECT a FROM b WHERE c = 1');
  callScan(instance, 'SELECT 1');
  return instance;
}

/** The statements, or the message of a syntax error. */
function callParse(instance: Instance, text: string): readonly Raw[] | string {
  return withText(instance, text, (pointer) => {
    const result = instance._wasm_parse_query_raw(pointer);
    if (result === 0) throw new Error('out of memory');
    try {
      // PgQueryParseResult: parse_tree, stderr_buffer, error; PgQueryError begins with its message.
      const error = instance.getValue(result + 8, 'i32');
      if (error !== 0) return readString(instance, instance.getValue(error, 'i32'));
      const tree: unknown = JSON.parse(readString(instance, instance.getValue(result, 'i32')));
      return statementsOf(tree);
    } finally {
      instance._wasm_free_parse_result(result);
    }
  });
}

function callScan(instance: Instance, text: string): TokenOffsets {
  if (text === '') return []; // which the scanner takes for a mistake
  return withText(instance, text, (pointer) => {
    const result = instance._wasm_scan(pointer);
    try {
      const answer = JSON.parse(readString(instance, result)) as {
        tokens: { start?: number; end: number; tokenType: number }[];
      };
      return answer.tokens
        .filter((token) => !COMMENT_TYPES.has(token.tokenType))
        .flatMap(({ start = 0, end }) => [start, end]);
    } finally {
      instance._wasm_free_string(result);
    }
  });
}

function withText<T>(instance: Instance, text: string, use: (pointer: number) => T): T {
  const length = Buffer.byteLength(text);
  const pointer = instance._malloc(length + 1);
  if (pointer === 0) throw new Error('out of memory');
  try {
    const memory = memoryOf(instance);
    memory.write(text, pointer, length, 'utf8');
    memory[pointer + length] = 0;
    return use(pointer);
  } finally {
    instance._free(pointer);
  }
}

/** Up to the next NUL; Emscripten's own function looks at every byte in JavaScript. */
function readString(instance: Instance, pointer: number): string {
  const memory = memoryOf(instance);
  const end = memory.indexOf(0, pointer);
  if (pointer === 0 || end < 0) throw new Error('the parser gave no text');
  return memory.toString('utf8', pointer, end);
}

const memoryOf = ({ HEAPU8 }: Instance): Buffer<ArrayBuffer> => Buffer.from(HEAPU8.buffer);

function statementsOf(tree: unknown): readonly Raw[] {
  if (typeof tree !== 'object' || tree === null) throw new Error('the parser gave no tree');
  const { stmts } = tree as { stmts?: Raw[] };
  return stmts ?? [];
}

function factoryOf(module: unknown): () => Promise<Instance> {
  if (typeof module === 'object' && module !== null && 'default' in module) {
    const { default: factory } = module;
    if (typeof factory === 'function') return factory as () => Promise<Instance>;
  }
  throw new Error('libpg-query has an unexpected shape');
}
