// A principal as an immutable record: subjects u32, 0, signature u64, then the subjects' symbols ascending. The
// signature has bit `symbol mod 64` of each subject: most rows of other subjects are passed over by it alone.
import {
  HEADER_ANY_SUBJECT,
  REQUEST_BASE,
  SECTION_SUBJECTS,
  SECTION_SUBJECT_HASH,
} from '../../../schemas/src/abi';
import { reserve } from './arena';
import { burn, isSpent } from './fuel';
import { findSymbol } from './symbols';
import { entries, header } from './tables';

const SYMBOLS: u32 = 16;

/** Input: `count` times (bytes u32, text padded to 4). Returns 0 when the arena is full or the fuel spent. */
export function internPrincipal(count: u32): u32 {
  const principal = reserve(SYMBOLS + ((count + 1) << 2));
  if (principal == 0) return 0;
  store<u32>(principal, 0);
  store<u64>(principal + 8, 0);
  let at: u32 = REQUEST_BASE;
  for (let i: u32 = 0; i < count; i++) {
    const bytes = load<u32>(at);
    const symbol = findSymbol(SECTION_SUBJECTS, SECTION_SUBJECT_HASH, at + 4, bytes);
    if (symbol != 0) addSubject(principal, symbol - 1);
    at += 4 + ((bytes + 3) & ~3);
  }
  const any = header(HEADER_ANY_SUBJECT);
  if (any != 0) addSubject(principal, any - 1);
  return isSpent() ? 0 : principal;
}

export function subjectsOf(principal: u32): u32 {
  return load<u32>(principal);
}

export function subjectAt(principal: u32, index: u32): u32 {
  return load<u32>(principal + SYMBOLS + (index << 2));
}

/** Puts a subject in its place; one that is there already stays alone. */
function addSubject(principal: u32, subject: u32): void {
  const count = subjectsOf(principal);
  const place = placeOf(principal, subject);
  if (place < count && subjectAt(principal, place) == subject) return;
  const at = principal + SYMBOLS + (place << 2);
  if (!burn(1 + ((count - place) >> 3))) return;
  memory.copy(at + 4, at, (count - place) << 2);
  store<u32>(at, subject);
  store<u32>(principal, count + 1);
  store<u64>(principal + 8, load<u64>(principal + 8) | ((<u64>1) << (subject & 63)));
}

/** Number of subjects below this one. */
function placeOf(principal: u32, subject: u32): u32 {
  let low: u32 = 0;
  let high = subjectsOf(principal);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (subjectAt(principal, middle) < subject) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Up to 64 subjects in all, no two of them share a bit: the signature says it all. */
export function isSignatureExact(): bool {
  return entries(SECTION_SUBJECTS) <= 64;
}

export function hasSubject(principal: u32, signature: u64, subject: u32, exact: bool): bool {
  if (((signature >> (subject & 63)) & 1) == 0) return false;
  if (exact) return true;
  const place = placeOf(principal, subject);
  return place < subjectsOf(principal) && subjectAt(principal, place) == subject;
}

export function signatureOf(principal: u32): u64 {
  return load<u64>(principal + 8);
}
