// From the lists of a target to the rules that speak of the principal. A short list is read through; in a long
// one each subject of the principal is looked up, so that the number of rules does not matter.
import { SECTION_LISTS, SECTION_ROWS, SECTION_RUNS } from '../../../schemas/src/abi';
import { burn } from './fuel';
import { visitRule } from './matches';
import { hasSubject, isSignatureExact, signatureOf, subjectAt, subjectsOf } from './principal';
import { section } from './tables';

/** A list inside a shape: first row, end of the rows, runs, number of runs; addresses instead of indexes. */
export const LIST: u32 = 16;

export function writeList(list: u32, out: u32): void {
  const record = section(SECTION_LISTS) + (list << 4);
  const first = section(SECTION_ROWS) + (load<u32>(record) << 3);
  store<u32>(out, first);
  store<u32>(out + 4, first + (load<u32>(record + 4) << 3));
  store<u32>(out + 8, section(SECTION_RUNS) + (load<u32>(record + 8) << 3));
  store<u32>(out + 12, load<u32>(record + 12));
}

/** Visits the lists at `at` (their number, then each); returns the address behind them. */
export function visitLists(at: u32, principal: u32): u32 {
  const lists = load<u32>(at);
  at += 4;
  for (let i: u32 = 0; i < lists; i++, at += LIST) {
    const first = load<u32>(at);
    const end = load<u32>(at + 4);
    const runs = load<u32>(at + 12);
    if (runs != 0 && (end - first) >> 4 > subjectsOf(principal))
      lookUp(principal, load<u32>(at + 8), runs, end);
    else readThrough(principal, first, end);
  }
  return at;
}

function readThrough(principal: u32, row: u32, end: u32): void {
  const signature = signatureOf(principal);
  const exact = isSignatureExact();
  if (!burn((end - row) >> 3)) return;
  for (; row < end; row += 8) {
    if (hasSubject(principal, signature, load<u32>(row), exact)) visitRule(load<u32>(row + 4));
  }
}

function lookUp(principal: u32, runs: u32, capacity: u32, end: u32): void {
  const subjects = subjectsOf(principal);
  for (let i: u32 = 0; i < subjects; i++) {
    const subject = subjectAt(principal, i);
    let row = firstRow(runs, capacity, subject, end);
    for (; row < end && load<u32>(row) == subject && burn(1); row += 8) visitRule(load<u32>(row + 4));
  }
}

/** Address of the first row of a subject, `end` when the list has none. */
function firstRow(runs: u32, capacity: u32, subject: u32, end: u32): u32 {
  let slot = (subject * 0x9e3779b1) & (capacity - 1);
  for (; burn(1); slot = (slot + 1) & (capacity - 1)) {
    const run = runs + (slot << 3);
    const found = load<u32>(run);
    if (found == 0) return end;
    if (found == subject + 1) return section(SECTION_ROWS) + (load<u32>(run + 4) << 3);
  }
  return end;
}
