// Memory for what is interned between decisions: handed out from the end of the tables upwards. When it is used
// up the host calls `reset` and starts again.
import { ARENA_LIMIT_BYTES, HEADER_BYTES, MEMORY_BYTES, TABLES_BASE } from '../../../schemas/src/abi';
import { header } from './tables';

let next: u32 = 0;
let end: u32 = 0;

/** Forgets everything. Returns the bytes there are to hand out, 0 when the tables leave no room. */
export function reset(): u32 {
  next = (TABLES_BASE + header(HEADER_BYTES) + 15) & ~15;
  if (next >= <u32>MEMORY_BYTES) return 0;
  end = min(next + ARENA_LIMIT_BYTES, <u32>MEMORY_BYTES);
  return end - next;
}

/** Hands out memory, 16-byte aligned; 0 when there is not enough left. */
export function reserve(bytes: u32): u32 {
  const size = (bytes + 15) & ~15;
  if (size < bytes || size > end - next) return 0;
  const address = next;
  next += size;
  return address;
}

/** Gives back the end of the last reservation. */
export function giveBack(from: u32): void {
  next = (from + 15) & ~15;
}

export function room(): u32 {
  return end - next;
}
