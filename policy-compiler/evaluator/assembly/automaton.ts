// Runs the automaton of a regular expression over the code points of a text.
import {
  SECTION_ACCEPTING,
  SECTION_AUTOMATA,
  SECTION_RANGE_CLASSES,
  SECTION_RANGE_STARTS,
  SECTION_TRANSITIONS,
} from '../../../schemas/src/abi';
import { burn } from './fuel';
import { section } from './tables';

export function accepts(automaton: u32, text: u32, bytes: u32): bool {
  const record = section(SECTION_AUTOMATA) + automaton * 28;
  const classes = load<u32>(record + 4);
  const ranges = load<u32>(record + 8);
  const starts = section(SECTION_RANGE_STARTS) + (load<u32>(record + 12) << 2);
  const classOf = section(SECTION_RANGE_CLASSES) + (load<u32>(record + 16) << 1);
  const transitions = section(SECTION_TRANSITIONS) + (load<u32>(record + 20) << 1);
  const accepting = section(SECTION_ACCEPTING) + load<u32>(record + 24);
  let state: u32 = 0;
  let at = text;
  const end = text + bytes;
  while (at < end) {
    if (!burn(1)) return false;
    const width = widthOf(load<u8>(at));
    if (width > end - at) return false;
    const range = rangeOf(codePointAt(at, width), starts, ranges);
    state = load<u16>(transitions + ((state * classes + load<u16>(classOf + (range << 1))) << 1));
    at += width;
  }
  return load<u8>(accepting + state) != 0;
}

function widthOf(lead: u32): u32 {
  return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

function codePointAt(at: u32, width: u32): u32 {
  const lead: u32 = load<u8>(at);
  if (width == 1) return lead;
  let point = lead & (0xff >> (width + 1));
  for (let i: u32 = 1; i < width; i++) point = (point << 6) | (load<u8>(at + i) & 0x3f);
  return point;
}

/** The last range that starts at or before the code point; range 0 starts at 0. */
function rangeOf(point: u32, starts: u32, ranges: u32): u32 {
  let low: u32 = 0;
  let high = ranges;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (load<u32>(starts + (middle << 2)) <= point) low = middle;
    else high = middle;
  }
  return low;
}
