// From names to symbols, by hash; and from a name to the globs that match it, by hash of the part before `*`.
import { entries, section } from './tables';
import { HASH_SEED, equal, hashByte, hashText, matchesGlob, same } from './text';
import { burn } from './fuel';

/** Symbol plus one of a name in a space, 0 when the policy does not know it. */
export function findSymbol(space: u32, hashSection: u32, text: u32, bytes: u32): u32 {
  const capacity = entries(hashSection);
  if (capacity == 0) return 0;
  const hash = hashText(text, bytes);
  const table = section(hashSection);
  const names = section(space);
  for (let slot = hash & (capacity - 1); burn(1); slot = (slot + 1) & (capacity - 1)) {
    const symbol = load<u32>(table + (slot << 3) + 4);
    if (symbol == 0) return 0;
    if (load<u32>(table + (slot << 3)) != hash) continue;
    const name = names + ((symbol - 1) << 3);
    if (equal(load<u32>(name), load<u32>(name + 4), text, bytes)) return symbol;
  }
  return 0;
}

/** Writes the symbols of all globs that match to `out`, at most `limit`; returns their number, which may be more. */
export function findGlobs(
  globSection: u32,
  prefixSection: u32,
  lengthSection: u32,
  text: u32,
  bytes: u32,
  out: u32,
  limit: u32,
): u32 {
  const lengths = section(lengthSection);
  const lengthCount = entries(lengthSection);
  let hash = HASH_SEED;
  let hashed: u32 = 0;
  let found: u32 = 0;
  for (let i: u32 = 0; i < lengthCount; i++) {
    const prefixBytes = load<u32>(lengths + (i << 2));
    if (prefixBytes > bytes) break;
    for (; hashed < prefixBytes; hashed++) hash = hashByte(hash, load<u8>(text + hashed));
    const group = findPrefix(globSection, prefixSection, hash, text, prefixBytes);
    if (group == 0) continue;
    let glob = section(globSection) + (load<u32>(group + 4) << 4);
    const last = glob + (load<u32>(group + 8) << 4);
    for (; glob < last; glob += 16) {
      if (!burn(1)) return found;
      const rest = load<u32>(glob + 4) + prefixBytes;
      const restBytes = load<u32>(glob + 8) - prefixBytes;
      if (!matchesGlob(text + prefixBytes, bytes - prefixBytes, rest, restBytes)) continue;
      if (found < limit) store<u32>(out + (found << 2), load<u32>(glob));
      found++;
    }
  }
  return found;
}

function findPrefix(globSection: u32, prefixSection: u32, hash: u32, text: u32, bytes: u32): u32 {
  const capacity = entries(prefixSection);
  const table = section(prefixSection);
  for (let slot = hash & (capacity - 1); burn(1); slot = (slot + 1) & (capacity - 1)) {
    const entry = table + (slot << 4);
    if (load<u32>(entry + 8) == 0) return 0;
    if (load<u32>(entry) != hash || load<u32>(entry + 12) != bytes) continue;
    const first = section(globSection) + (load<u32>(entry + 4) << 4);
    if (same(load<u32>(first + 4), text, bytes)) return entry;
  }
  return 0;
}
