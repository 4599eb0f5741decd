/** One instance of the evaluator: its calls, typed, and views of its memory, which never grows and so never detaches. */
import { abi } from '@sluice/schemas';

/** What the evaluator exports (schemas/ABI.md, "Calls"). Addresses and symbols are numbers; 0 means none. */
interface EvaluatorExports {
  reset(): number;
  reserve(bytes: number): number;
  findAction(bytes: number): number;
  findConnection(bytes: number): number;
  internResource(bytes: number): number;
  internColumn(bytes: number): number;
  internPrincipal(subjects: number): number;
  internShape(connection: number, accesses: number, columns: number): number;
  decide(principal: number, shape: number, fuel: number): number;
}

export class EvaluatorInstance {
  readonly calls: EvaluatorExports;
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly i64: BigInt64Array;

  constructor(module: WebAssembly.Module) {
    const { exports } = new WebAssembly.Instance(module);
    const { memory } = exports;
    if (!(memory instanceof WebAssembly.Memory)) throw new TypeError('the evaluator exports no memory');
    // The digest of the code was compared with the pinned one, so its exports are known.
    this.calls = exports as unknown as EvaluatorExports;
    this.u8 = new Uint8Array(memory.buffer);
    this.u32 = new Uint32Array(memory.buffer);
    this.i64 = new BigInt64Array(memory.buffer);
    this.reset();
  }

  /** Forgets all that was interned. */
  reset(): void {
    if (this.calls.reset() < MIN_ARENA_BYTES)
      throw new RangeError('the tables leave no room to intern names');
  }
}

const MIN_ARENA_BYTES = 1024 * 1024;

/** Where a call reads its input, as an index into `u8` and `u32`. */
export const REQUEST = abi.REQUEST_BASE;
export const REQUEST_END = abi.REQUEST_BASE + abi.REQUEST_BYTES;
