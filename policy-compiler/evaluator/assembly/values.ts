// The stack of the condition machine: values of 16 bytes, tag u32, size u32, payload u64 (schemas/ABI.md).
// What a failed or wrongly typed operand gives is failed; nothing traps.
import {
  OP_CONTAINS,
  OP_ENDS_WITH,
  OP_EQ,
  OP_IN,
  OP_NE,
  OP_STARTS_WITH,
  TAG_BOOL,
  TAG_FAILED,
  TAG_INT,
  TAG_INT_LIST,
  TAG_STRING,
  TAG_STRING_LIST,
} from '../../../schemas/src/abi';
import { burn } from './fuel';
import { codePoints, compare, contains, endsWith, equal, startsWith } from './text';

export function tagOf(value: u32): i32 {
  return load<i32>(value);
}

export function sizeOf(value: u32): u32 {
  return load<u32>(value + 4);
}

export function addressOf(value: u32): u32 {
  return load<u32>(value + 8);
}

export function intOf(value: u32): i64 {
  return load<i64>(value + 8);
}

export function isTrue(value: u32): bool {
  return tagOf(value) == TAG_BOOL && intOf(value) != 0;
}

export function isFalse(value: u32): bool {
  return tagOf(value) == TAG_BOOL && intOf(value) == 0;
}

export function copyValue(to: u32, from: u32): void {
  store<u64>(to, load<u64>(from));
  store<u64>(to + 8, load<u64>(from + 8));
}

export function putFailed(to: u32): void {
  store<i32>(to, TAG_FAILED);
}

export function putBool(to: u32, value: bool): void {
  store<i32>(to, TAG_BOOL);
  store<i64>(to + 8, <i64>value);
}

export function putInt(to: u32, value: i64): void {
  store<i32>(to, TAG_INT);
  store<i64>(to + 8, value);
}

export function putSized(to: u32, tag: i32, address: u32, size: u32): void {
  store<i32>(to, tag);
  store<u32>(to + 4, size);
  store<u64>(to + 8, address);
}

/** Equality on bool, int and string, order on int and string; `left` receives the result. */
export function putComparison(operation: i32, left: u32, right: u32): void {
  const tag = tagOf(left);
  if (tag != tagOf(right)) return putFailed(left);
  if (tag == TAG_INT || (tag == TAG_BOOL && operation <= OP_NE)) {
    const order = <i32>(intOf(left) > intOf(right)) - <i32>(intOf(left) < intOf(right));
    return putBool(left, holds(operation, order));
  }
  if (tag == TAG_STRING) {
    const order = compare(addressOf(left), sizeOf(left), addressOf(right), sizeOf(right));
    return putBool(left, holds(operation, order));
  }
  putFailed(left);
}

/** For EQ, NE, LT, LE, GT, GE in turn, three bits: whether it holds when the order is -1, 0, 1. */
const HOLDS: i32 = 0b010 | (0b101 << 3) | (0b001 << 6) | (0b011 << 9) | (0b100 << 12) | (0b110 << 15);

function holds(operation: i32, order: i32): bool {
  return ((HOLDS >> ((operation - OP_EQ) * 3 + order + 1)) & 1) != 0;
}

/** Whether a text stands in `operation` to an operand of the right type: EQ, NE, IN or one of the parts. */
export function relates(operation: i32, text: u32, bytes: u32, operand: u32): bool {
  const other = addressOf(operand);
  const size = sizeOf(operand);
  switch (operation) {
    case OP_EQ:
      return equal(text, bytes, other, size);
    case OP_NE:
      return !equal(text, bytes, other, size);
    case OP_STARTS_WITH:
      return startsWith(text, bytes, other, size);
    case OP_ENDS_WITH:
      return endsWith(text, bytes, other, size);
    case OP_CONTAINS:
      return contains(text, bytes, other, size);
    default:
      return operation == OP_IN && hasText(other, size, text, bytes);
  }
}

export function operandTag(operation: i32): i32 {
  return operation == OP_IN ? TAG_STRING_LIST : TAG_STRING;
}

function hasText(list: u32, count: u32, text: u32, bytes: u32): bool {
  for (let i: u32 = 0; i < count && burn(1); i++) {
    const entry = list + (i << 3);
    if (equal(load<u32>(entry), load<u32>(entry + 4), text, bytes)) return true;
  }
  return false;
}

function hasInt(list: u32, count: u32, value: i64): bool {
  for (let i: u32 = 0; i < count && burn(1); i++) if (load<i64>(list + (i << 3)) == value) return true;
  return false;
}

/** Whether `left` is in the list `right`; `left` receives the result. */
export function putMembership(left: u32, right: u32): void {
  if (tagOf(left) == TAG_STRING && tagOf(right) == TAG_STRING_LIST) {
    return putBool(left, hasText(addressOf(right), sizeOf(right), addressOf(left), sizeOf(left)));
  }
  if (tagOf(left) == TAG_INT && tagOf(right) == TAG_INT_LIST) {
    return putBool(left, hasInt(addressOf(right), sizeOf(right), intOf(left)));
  }
  putFailed(left);
}

/** Code points of a string, entries of a list. */
export function putSize(value: u32): void {
  const tag = tagOf(value);
  if (tag == TAG_STRING) return putInt(value, codePoints(addressOf(value), sizeOf(value)));
  if (tag == TAG_STRING_LIST || tag == TAG_INT_LIST) return putInt(value, sizeOf(value));
  putFailed(value);
}
