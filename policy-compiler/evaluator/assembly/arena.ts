// What the evaluator remembers between decisions: interned names, principals and shapes, and the marks that
// tell which subjects the present principal has and which rules were already visited. Memory is handed out
// from the end of the tables upwards; when it is used up the host calls `reset` and starts again.
import {
  ARENA_LIMIT_BYTES,
  HEADER_BYTES,
  MEMORY_BYTES,
  SECTION_RULES,
  SECTION_SUBJECTS,
  TABLES_BASE,
} from '../../../schemas/src/abi';
import { entries, header } from './tables';

let next: u32 = 0;
let end: u32 = 0;
let subjectMarks: u32 = 0;
let ruleMarks: u32 = 0;
let principalMark: u32 = 0;
let visitMark: u32 = 0;
let marked: u32 = 0;

/** Forgets everything. Returns the bytes there are to hand out, 0 when the tables leave no room. */
export function reset(): u32 {
  subjectMarks = (TABLES_BASE + header(HEADER_BYTES) + 15) & ~15;
  ruleMarks = subjectMarks + (entries(SECTION_SUBJECTS) << 2);
  next = (ruleMarks + (entries(SECTION_RULES) << 2) + 15) & ~15;
  if (next >= <u32>MEMORY_BYTES) return 0;
  end = min(next + ARENA_LIMIT_BYTES, <u32>MEMORY_BYTES);
  memory.fill(subjectMarks, 0, next - subjectMarks);
  principalMark = 0;
  visitMark = 0;
  marked = 0;
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

/** Marks the subjects of a principal (count, then symbols); those of the one before no longer count. */
export function markSubjects(principal: u32): void {
  if (principal == marked) return;
  if (++principalMark == 0) {
    memory.fill(subjectMarks, 0, entries(SECTION_SUBJECTS) << 2);
    principalMark = 1;
  }
  const count = load<u32>(principal);
  for (let i: u32 = 0; i < count; i++) {
    store<u32>(subjectMarks + (load<u32>(principal + 4 + (i << 2)) << 2), principalMark);
  }
  marked = principal;
}

export function hasSubject(subject: u32): bool {
  return load<u32>(subjectMarks + (subject << 2)) == principalMark;
}

/** Begins a new access or column: no rule has been visited for it yet. */
export function beginVisits(): void {
  if (++visitMark == 0) {
    memory.fill(ruleMarks, 0, entries(SECTION_RULES) << 2);
    visitMark = 1;
  }
}

/** True the first time a rule is visited for the present one. */
export function isFirstVisit(rule: u32): bool {
  const mark = ruleMarks + (rule << 2);
  if (load<u32>(mark) == visitMark) return false;
  store<u32>(mark, visitMark);
  return true;
}
