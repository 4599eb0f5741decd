// Signed 64-bit arithmetic of conditions: what overflows or divides by zero fails instead of wrapping.
import { OP_ADD, OP_DIV, OP_MOD, OP_MUL, OP_SUB, TAG_INT } from '../../../schemas/src/abi';
import { intOf, putFailed, putInt, tagOf } from './values';

/** `left` receives the result. */
export function putArithmetic(operation: i32, left: u32, right: u32): void {
  if (tagOf(left) != TAG_INT || tagOf(right) != TAG_INT) return putFailed(left);
  const a = intOf(left);
  const b = intOf(right);
  switch (operation) {
    case OP_ADD: {
      const sum = a + b;
      return ((a ^ sum) & (b ^ sum)) < 0 ? putFailed(left) : putInt(left, sum);
    }
    case OP_SUB: {
      const difference = a - b;
      return ((a ^ b) & (a ^ difference)) < 0 ? putFailed(left) : putInt(left, difference);
    }
    case OP_MUL:
      return overflows(a, b) ? putFailed(left) : putInt(left, a * b);
    case OP_DIV:
      return b == 0 || (b == -1 && a == i64.MIN_VALUE) ? putFailed(left) : putInt(left, a / b);
    default:
      return operation != OP_MOD || b == 0 || (b == -1 && a == i64.MIN_VALUE)
        ? putFailed(left)
        : putInt(left, a % b);
  }
}

function overflows(a: i64, b: i64): bool {
  if (a == 0 || b == 0) return false;
  if ((a == -1 && b == i64.MIN_VALUE) || (b == -1 && a == i64.MIN_VALUE)) return true;
  return (a * b) / b != a;
}

export function putNegation(value: u32): void {
  if (tagOf(value) != TAG_INT || intOf(value) == i64.MIN_VALUE) return putFailed(value);
  putInt(value, -intOf(value));
}
