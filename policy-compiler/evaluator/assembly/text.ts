// Texts are UTF-8 bytes by address and length; byte order is code point order.
import { burn } from './fuel';

export const HASH_SEED: u32 = 0x811c9dc5;

/** One step of FNV-1a; the hash of a prefix is a stop on the way to the hash of the text. */
export function hashByte(hash: u32, byte: u32): u32 {
  return (hash ^ byte) * 0x01000193;
}

export function hashText(text: u32, bytes: u32): u32 {
  let hash = HASH_SEED;
  for (let i: u32 = 0; i < bytes; i++) hash = hashByte(hash, load<u8>(text + i));
  return hash;
}

/** Whether `bytes` bytes are the same at both addresses. */
export function same(a: u32, b: u32, bytes: u32): bool {
  if (!burn(1 + (bytes >> 3))) return false;
  let i: u32 = 0;
  for (; i + 8 <= bytes; i += 8) if (load<u64>(a + i) != load<u64>(b + i)) return false;
  for (; i < bytes; i++) if (load<u8>(a + i) != load<u8>(b + i)) return false;
  return true;
}

export function equal(a: u32, aBytes: u32, b: u32, bBytes: u32): bool {
  return aBytes == bBytes && same(a, b, aBytes);
}

/** -1, 0 or 1 as `a` comes before, with or after `b`. */
export function compare(a: u32, aBytes: u32, b: u32, bBytes: u32): i32 {
  const bytes = min(aBytes, bBytes);
  if (!burn(1 + (bytes >> 3))) return 0;
  for (let i: u32 = 0; i < bytes; i++) {
    const left = load<u8>(a + i);
    const right = load<u8>(b + i);
    if (left != right) return left < right ? -1 : 1;
  }
  return aBytes < bBytes ? -1 : aBytes > bBytes ? 1 : 0;
}

export function startsWith(text: u32, bytes: u32, part: u32, partBytes: u32): bool {
  return partBytes <= bytes && same(text, part, partBytes);
}

export function endsWith(text: u32, bytes: u32, part: u32, partBytes: u32): bool {
  return partBytes <= bytes && same(text + bytes - partBytes, part, partBytes);
}

export function contains(text: u32, bytes: u32, part: u32, partBytes: u32): bool {
  if (partBytes > bytes) return false;
  const last = bytes - partBytes;
  for (let i: u32 = 0; i <= last; i++) {
    if (same(text + i, part, partBytes)) return true;
    if (!burn(1)) return false;
  }
  return false;
}

/** Code points: bytes that do not continue another. */
export function codePoints(text: u32, bytes: u32): u32 {
  if (!burn(1 + (bytes >> 3))) return 0;
  let count: u32 = 0;
  for (let i: u32 = 0; i < bytes; i++) count += <u32>((load<u8>(text + i) & 0xc0) != 0x80);
  return count;
}

/** Whether the whole text matches the glob; `*` stands for any run of bytes. Goes back only to the last `*`. */
export function matchesGlob(text: u32, bytes: u32, glob: u32, globBytes: u32): bool {
  let at: u32 = 0;
  let g: u32 = 0;
  let star: u32 = globBytes;
  let resume: u32 = 0;
  while (at < bytes) {
    if (!burn(1)) return false;
    if (g < globBytes && load<u8>(glob + g) == 0x2a) {
      star = g++;
      resume = at;
    } else if (g < globBytes && load<u8>(glob + g) == load<u8>(text + at)) {
      g++;
      at++;
    } else if (star < globBytes) {
      g = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  while (g < globBytes && load<u8>(glob + g) == 0x2a) g++;
  return g == globBytes;
}
