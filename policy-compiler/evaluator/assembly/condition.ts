// The condition machine: byte code with forward jumps only, so it ends by construction (operations in
// schemas/src/abi.ts). The verifier proved stack depth, indexes and jumps before the first decision.
import {
  FACTS_BASE,
  OP_ADD,
  OP_ALL,
  OP_AND,
  OP_CONTAINS,
  OP_ENDS_WITH,
  OP_EQ,
  OP_EXISTS,
  OP_FACT,
  OP_FALSE,
  OP_GE,
  OP_GT,
  OP_IN,
  OP_INT,
  OP_INT_LIST,
  OP_JUMP_IF_FALSE,
  OP_JUMP_IF_TRUE,
  OP_KNOWN,
  OP_LE,
  OP_LT,
  OP_MATCHES,
  OP_MOD,
  OP_NE,
  OP_NEG,
  OP_NOT,
  OP_OR,
  OP_RETURN,
  OP_SELECT,
  OP_SIZE,
  OP_STARTS_WITH,
  OP_STRING,
  OP_STRING_LIST,
  OP_TRUE,
  SECTION_CODE,
  SECTION_CONDITIONS,
  SECTION_INTS,
  SECTION_INT_LISTS,
  SECTION_STRINGS,
  SECTION_STRING_LISTS,
  STACK_BASE,
  TAG_BOOL,
  TAG_FAILED,
  TAG_INT_LIST,
  TAG_STRING,
  TAG_STRING_LIST,
} from '../../../schemas/src/abi';
import { accepts } from './automaton';
import { burn } from './fuel';
import { putArithmetic, putNegation } from './integers';
import { section } from './tables';
import {
  addressOf,
  copyValue,
  isFalse,
  isTrue,
  operandTag,
  putBool,
  putComparison,
  putFailed,
  putInt,
  putMembership,
  putSize,
  putSized,
  relates,
  sizeOf,
  tagOf,
} from './values';

/** What a condition comes to. */
export const FALSE: i32 = 0;
export const TRUE: i32 = 1;
export const FAILED: i32 = 2;

const VALUE: u32 = 16;

/** Jumps go forward only, so the length of the code bounds the work: fuel is burnt once. */
export function evaluate(condition: u32): i32 {
  const record = section(SECTION_CONDITIONS) + condition * 48;
  let at = section(SECTION_CODE) + (load<u32>(record) << 2);
  const length = load<u32>(record + 4);
  const end = at + (length << 2);
  let top: u32 = STACK_BASE - VALUE;
  if (!burn(length)) return FAILED;
  while (at < end) {
    const operation: i32 = load<u8>(at);
    const b: u32 = load<u16>(at + 2);
    at += 4;
    switch (operation) {
      case OP_RETURN:
        return isTrue(top) ? TRUE : isFalse(top) ? FALSE : FAILED;
      case OP_FACT:
        top += VALUE;
        copyValue(top, FACTS_BASE + (b << 4));
        break;
      case OP_INT:
        top += VALUE;
        putInt(top, load<i64>(section(SECTION_INTS) + ((load<u32>(record + 24) + b) << 3)));
        break;
      case OP_KNOWN:
      case OP_TRUE:
      case OP_FALSE:
      case OP_STRING:
      case OP_STRING_LIST:
      case OP_INT_LIST:
        top += VALUE;
        push(operation, b, record, top);
        break;
      case OP_JUMP_IF_FALSE:
        if (isFalse(top)) at += b << 2;
        break;
      case OP_JUMP_IF_TRUE:
        if (isTrue(top)) at += b << 2;
        break;
      case OP_AND:
        top -= VALUE;
        conjoin(top);
        break;
      case OP_OR:
        top -= VALUE;
        disjoin(top);
        break;
      case OP_EQ:
      case OP_NE:
      case OP_LT:
      case OP_LE:
      case OP_GT:
      case OP_GE:
        top -= VALUE;
        putComparison(operation, top, top + VALUE);
        break;
      case OP_NOT:
      case OP_NEG:
      case OP_SIZE:
      case OP_MATCHES:
        applyUnary(operation, b, top);
        break;
      case OP_SELECT:
        top -= VALUE << 1;
        select(top);
        break;
      case OP_EXISTS:
      case OP_ALL: {
        const relation: i32 = load<u8>(at - 3);
        if (relation != OP_MATCHES) top -= VALUE;
        quantify(operation == OP_EXISTS, relation, b, top);
        break;
      }
      default:
        top -= VALUE;
        applyBinary(operation, top);
    }
  }
  return FAILED;
}

function push(operation: i32, b: u32, record: u32, top: u32): void {
  switch (operation) {
    case OP_KNOWN:
      return putBool(top, tagOf(FACTS_BASE + (b << 4)) != TAG_FAILED);
    case OP_TRUE:
    case OP_FALSE:
      return putBool(top, operation == OP_TRUE);
    case OP_STRING: {
      const entry = section(SECTION_STRINGS) + ((load<u32>(record + 8) + b) << 3);
      return putSized(top, TAG_STRING, load<u32>(entry), load<u32>(entry + 4));
    }
    case OP_STRING_LIST: {
      const entry = section(SECTION_STRING_LISTS) + ((load<u32>(record + 16) + b) << 3);
      const first = section(SECTION_STRINGS) + (load<u32>(entry) << 3);
      return putSized(top, TAG_STRING_LIST, first, load<u32>(entry + 4));
    }
    default: {
      const entry = section(SECTION_INT_LISTS) + ((load<u32>(record + 32) + b) << 3);
      const first = section(SECTION_INTS) + (load<u32>(entry) << 3);
      return putSized(top, TAG_INT_LIST, first, load<u32>(entry + 4));
    }
  }
}

function applyUnary(operation: i32, b: u32, value: u32): void {
  if (operation == OP_NOT) {
    if (tagOf(value) == TAG_BOOL) putBool(value, isFalse(value));
    else putFailed(value);
  } else if (operation == OP_NEG) {
    putNegation(value);
  } else if (operation == OP_SIZE) {
    putSize(value);
  } else if (tagOf(value) == TAG_STRING) {
    putBool(value, accepts(b, addressOf(value), sizeOf(value)));
  } else {
    putFailed(value);
  }
}

/** Right operand behind the left one, which receives the result; false wins over failed. */
function conjoin(left: u32): void {
  const right = left + VALUE;
  if (isFalse(left) || isFalse(right)) putBool(left, false);
  else if (isTrue(left) && isTrue(right)) putBool(left, true);
  else putFailed(left);
}

/** True wins over failed. */
function disjoin(left: u32): void {
  const right = left + VALUE;
  if (isTrue(left) || isTrue(right)) putBool(left, true);
  else if (isFalse(left) && isFalse(right)) putBool(left, false);
  else putFailed(left);
}

/** Arithmetic, membership and parts of texts. */
function applyBinary(operation: i32, left: u32): void {
  const right = left + VALUE;
  if (operation >= OP_ADD && operation <= OP_MOD) {
    putArithmetic(operation, left, right);
  } else if (operation == OP_IN) {
    putMembership(left, right);
  } else if (
    (operation == OP_STARTS_WITH || operation == OP_ENDS_WITH || operation == OP_CONTAINS) &&
    tagOf(left) == TAG_STRING &&
    tagOf(right) == TAG_STRING
  ) {
    putBool(left, relates(operation, addressOf(left), sizeOf(left), right));
  } else {
    putFailed(left);
  }
}

/** Test, then, else: the chosen arm takes the place of the test. */
function select(test: u32): void {
  if (isTrue(test)) copyValue(test, test + VALUE);
  else if (isFalse(test)) copyValue(test, test + (VALUE << 1));
  else putFailed(test);
}

/** Whether some (every) entry of the list relates to the operand behind it, or is accepted by automaton `b`. */
function quantify(some: bool, relation: i32, b: u32, list: u32): void {
  const operand = list + VALUE;
  const automatic = relation == OP_MATCHES;
  if (tagOf(list) != TAG_STRING_LIST) return putFailed(list);
  if (!automatic && tagOf(operand) != operandTag(relation)) return putFailed(list);
  const entries = addressOf(list);
  const count = sizeOf(list);
  for (let i: u32 = 0; i < count && burn(1); i++) {
    const text = load<u32>(entries + (i << 3));
    const bytes = load<u32>(entries + (i << 3) + 4);
    const holds = automatic ? accepts(b, text, bytes) : relates(relation, text, bytes, operand);
    if (holds == some) return putBool(list, some);
  }
  putBool(list, !some);
}
