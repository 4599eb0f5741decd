// What the rules visited so far come to: the matches, the permission of the present access, denials and masks.
import {
  CONNECTIONS_ANY,
  EFFECT_ALLOW,
  EFFECT_DENY,
  EFFECT_MASK,
  MAX_MATCHES,
  OUTCOME_ALLOW,
  OUTCOME_REQUIRE_APPROVAL,
  RESULT_BASE,
  RESULT_MASKS,
  RESULT_MATCHES,
  SECTION_CONNECTION_SETS,
  SECTION_RULES,
} from '../../../schemas/src/abi';
import { FAILED, FALSE, TRUE, evaluate } from './condition';
import { burn } from './fuel';
import { section } from './tables';

/** Strictest outcome among the rules that permit the present access, 0 for none. */
export let permit: i32 = 0;
export let shadowPermit: i32 = 0;
export let denied: bool = false;
export let shadowDenied: bool = false;
/** Matches found, which may be more than are kept. */
export let matches: u32 = 0;
/** Columns that have an enforced mask. */
export let masked: u32 = 0;

let connection: u32 = 0;
let target: u32 = 0;

export function beginRequest(connectionOrNone: u32): void {
  connection = connectionOrNone;
  matches = 0;
  masked = 0;
  denied = false;
  shadowDenied = false;
}

export function beginTarget(index: u32): void {
  target = index;
  permit = 0;
  shadowPermit = 0;
}

export function beginColumn(index: u32): void {
  beginTarget(index);
  store<u8>(RESULT_BASE + RESULT_MASKS + index, 0);
}

/**
 * A rule whose subject and target fit: looks at its connections and condition, then counts it. It may come several
 * times for one target, by several subjects or selectors: nothing of it counts twice.
 */
export function visitRule(rule: u32): void {
  const record = section(SECTION_RULES) + (rule << 4);
  if (!coversConnection(load<u32>(record))) return;
  const condition = load<u32>(record + 4);
  const result = condition == 0 ? TRUE : evaluate(condition - 1);
  if (result == FALSE) return;
  const flags = load<u32>(record + 8);
  keepMatch(rule, result == FAILED);
  apply(flags & 0xff, ((flags >> 8) & 0xff) != 0, (flags >> 16) & 0xff, result == FAILED);
}

function coversConnection(connections: u32): bool {
  if (connections == <u32>CONNECTIONS_ANY) return true;
  if (connection == 0) return false;
  const symbol = connection - 1;
  if (<i32>connections < 0) return (connections & 0x7fffffff) == symbol;
  const word = section(SECTION_CONNECTION_SETS) + ((connections + (symbol >> 5)) << 2);
  return ((load<u32>(word) >> (symbol & 31)) & 1) != 0;
}

/** A condition that failed never widens: it counts as true in every effect but allow. */
function apply(effect: i32, shadow: bool, mask: i32, failed: bool): void {
  if (effect == EFFECT_MASK) {
    if (!shadow) applyMask(mask);
  } else if (effect == EFFECT_DENY) {
    if (shadow) shadowDenied = true;
    else denied = true;
  } else if (effect != EFFECT_ALLOW) {
    if (shadow) shadowPermit = OUTCOME_REQUIRE_APPROVAL;
    else permit = OUTCOME_REQUIRE_APPROVAL;
  } else if (!failed) {
    if (shadow) shadowPermit = max(shadowPermit, OUTCOME_ALLOW);
    else permit = max(permit, OUTCOME_ALLOW);
  }
}

function applyMask(mask: i32): void {
  const slot = RESULT_BASE + RESULT_MASKS + target;
  const present: i32 = load<u8>(slot);
  if (present == 0) masked++;
  if (mask > present) store<u8>(slot, mask);
}

/** Keeps matches ascending by rule and target, each once. */
function keepMatch(rule: u32, failed: bool): void {
  const key = ((<u64>rule) << 32) | (target << 1) | (<u32>failed);
  const place = placeOf(key);
  const at: u32 = RESULT_BASE + RESULT_MATCHES + (place << 3);
  const kept = min(matches, <u32>MAX_MATCHES);
  if (place < kept && load<u64>(at) == key) return;
  matches = kept + 1;
  if (kept == <u32>MAX_MATCHES || !burn(1 + ((kept - place) >> 3))) return;
  // Most come in order, and a bulk copy of nothing is still a call.
  if (place < kept) memory.copy(at + 8, at, (kept - place) << 3);
  store<u64>(at, key);
}

/** Number of kept matches that come before this one. */
function placeOf(key: u64): u32 {
  let low: u32 = 0;
  let high = min(matches, <u32>MAX_MATCHES);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<u64>(RESULT_BASE + RESULT_MATCHES + (middle << 3)) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
