// From the lists of a target to the rules that speak of the principal. A short list is read through; in a long
// one each subject of the principal is looked up, so that the number of rules does not matter.
import { SECTION_LISTS, SECTION_ROWS, SECTION_RUNS } from '../../../schemas/src/abi';
import { hasSubject } from './arena';
import { burn } from './fuel';
import { visitRule } from './matches';
import { section } from './tables';

/** Visits the lists at `at` (their number, then each); returns the address behind them. */
export function visitLists(at: u32, principal: u32): u32 {
  const lists = load<u32>(at);
  at += 4;
  for (let i: u32 = 0; i < lists; i++, at += 4) {
    const list = section(SECTION_LISTS) + (load<u32>(at) << 4);
    const first = section(SECTION_ROWS) + (load<u32>(list) << 3);
    const end = first + (load<u32>(list + 4) << 3);
    const runs = load<u32>(list + 12);
    if (runs != 0 && load<u32>(list + 4) > load<u32>(principal) << 1) {
      lookUp(principal, section(SECTION_RUNS) + (load<u32>(list + 8) << 3), runs, end);
    } else {
      readThrough(first, end);
    }
  }
  return at;
}

function readThrough(row: u32, end: u32): void {
  for (; row < end && burn(1); row += 8) {
    if (hasSubject(load<u32>(row))) visitRule(load<u32>(row + 4));
  }
}

function lookUp(principal: u32, runs: u32, capacity: u32, end: u32): void {
  const subjects = load<u32>(principal);
  for (let i: u32 = 0; i < subjects; i++) {
    const subject = load<u32>(principal + 4 + (i << 2));
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
