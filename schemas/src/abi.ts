/**
 * Numbers shared by the compiler, the engine and the evaluator. This file is compiled by tsc and by asc alike:
 * plain integer constants only. The layouts they belong to are drawn in schemas/ABI.md.
 */

export const ABI_VERSION = 1;

// Condition byte code. An instruction is 4 bytes: operation u8, a u8, b u16 little-endian. Jumps go forward
// only: the next instruction is at index + 1 + b. A value is bool, int, string, list of strings, list of
// ints, or failed; an operation on a failed value, or on a value of a wrong type, gives failed, save where
// stated. A condition ends in RETURN with one value, bool or failed.
export const OP_RETURN = 0;
/** Push fact in slot b; failed when it is unknown. */
export const OP_FACT = 1;
/** Push whether the fact in slot b is known. */
export const OP_KNOWN = 2;
export const OP_TRUE = 3;
export const OP_FALSE = 4;
/** Push entry b of the condition's ints, strings, string lists, int lists. */
export const OP_INT = 5;
export const OP_STRING = 6;
export const OP_STRING_LIST = 7;
export const OP_INT_LIST = 8;
export const OP_NOT = 9;
/** Three-valued: false wins over failed in AND, true wins over failed in OR, in either operand. */
export const OP_AND = 10;
export const OP_OR = 11;
/** Look at the top without popping: jump b when it is false (true); used before the right operand of AND (OR). */
export const OP_JUMP_IF_FALSE = 12;
export const OP_JUMP_IF_TRUE = 13;
/** Pop else, then, test: push then or else; failed when the test is. A failed arm matters only when chosen. */
export const OP_SELECT = 14;
/** Pop right, left. Equality on bool, int, string; order on int and string (by code point). */
export const OP_EQ = 15;
export const OP_NE = 16;
export const OP_LT = 17;
export const OP_LE = 18;
export const OP_GT = 19;
export const OP_GE = 20;
/** Signed 64-bit; overflow, division by zero and remainder by zero fail. Division truncates toward zero. */
export const OP_ADD = 21;
export const OP_SUB = 22;
export const OP_MUL = 23;
export const OP_DIV = 24;
export const OP_MOD = 25;
export const OP_NEG = 26;
/** Pop list, element: whether the element is in the list. */
export const OP_IN = 27;
/** Pop part, text. */
export const OP_STARTS_WITH = 28;
export const OP_ENDS_WITH = 29;
export const OP_CONTAINS = 30;
/** Pop text: whether automaton b accepts it. */
export const OP_MATCHES = 31;
/** Pop: code points of a string, entries of a list. */
export const OP_SIZE = 32;
/**
 * Pop operand, list of strings: whether some (every) entry e satisfies `e a operand`, where a is one of OP_EQ,
 * OP_NE, OP_IN, OP_STARTS_WITH, OP_ENDS_WITH, OP_CONTAINS. With a = OP_MATCHES there is no operand to pop and b
 * is the automaton.
 */
export const OP_EXISTS = 33;
export const OP_ALL = 34;
