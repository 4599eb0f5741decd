/** Signed 64-bit arithmetic as CEL has it: what does not fit fails instead of wrapping around. */

export const MIN_INT = -(2n ** 63n);
export const MAX_INT = 2n ** 63n - 1n;

export const fitsInt64 = (value: bigint): boolean => value >= MIN_INT && value <= MAX_INT;

export type Arithmetic = 'add' | 'subtract' | 'multiply' | 'divide' | 'modulo';

/**
 * Undefined when it fails. Division truncates toward zero; the remainder has the sign of the dividend, and fails
 * where the quotient does (the reference implementation of CEL in Go has it so; the specification is silent).
 */
export function calculate(operation: Arithmetic, left: bigint, right: bigint): bigint | undefined {
  if ((operation === 'divide' || operation === 'modulo') && right === 0n) return undefined;
  if (operation === 'modulo' && !fitsInt64(left / right)) return undefined;
  const value = {
    add: () => left + right,
    subtract: () => left - right,
    multiply: () => left * right,
    divide: () => left / right,
    modulo: () => left % right,
  }[operation]();
  return fitsInt64(value) ? value : undefined;
}
