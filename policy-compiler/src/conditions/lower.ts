/** A typed expression to byte code (schemas/ABI.md), its constants and the depth of stack it needs. */
import { abi, AUTHORING_ERRORS, type FactDefinition, type pb } from '@sluice/schemas';
import { MAX_INSTRUCTIONS, MAX_STACK } from './caps.js';
import type { Comparison, EntryTest, Expression, TextTest } from './expression.js';
import type { Arithmetic } from './int64.js';
import { bad, fine, problem, type Checked } from './problem.js';

export interface Instruction {
  readonly operation: number;
  readonly a: number;
  /** Of facts and automata: an index into the lists of this condition, until the plan is laid out. */
  b: number;
}

export interface LoweredCondition {
  readonly instructions: readonly Instruction[];
  readonly facts: readonly FactDefinition[];
  readonly automata: readonly pb.Automaton[];
  readonly strings: readonly string[];
  readonly stringLists: readonly (readonly string[])[];
  readonly ints: readonly bigint[];
  readonly intLists: readonly (readonly bigint[])[];
  /** Deepest stack, in values. */
  readonly stack: number;
}

const COMPARISONS: Readonly<Record<Comparison, number>> = {
  equal: abi.OP_EQ,
  not_equal: abi.OP_NE,
  less: abi.OP_LT,
  less_equal: abi.OP_LE,
  greater: abi.OP_GT,
  greater_equal: abi.OP_GE,
};
const ARITHMETIC: Readonly<Record<Arithmetic, number>> = {
  add: abi.OP_ADD,
  subtract: abi.OP_SUB,
  multiply: abi.OP_MUL,
  divide: abi.OP_DIV,
  modulo: abi.OP_MOD,
};
const TEXT_TESTS: Readonly<Record<TextTest, number>> = {
  starts_with: abi.OP_STARTS_WITH,
  ends_with: abi.OP_ENDS_WITH,
  contains: abi.OP_CONTAINS,
};
const ENTRY_TESTS: Readonly<Record<EntryTest, number>> = {
  ...TEXT_TESTS,
  equal: abi.OP_EQ,
  not_equal: abi.OP_NE,
  in: abi.OP_IN,
};

export function lower(condition: Expression): Checked<LoweredCondition> {
  const code = new Code();
  write(code, condition);
  code.push(abi.OP_RETURN, 1, 0);
  const tooLarge = (message: string) => bad(problem(AUTHORING_ERRORS.cel_too_large, condition, message));
  if (code.instructions.length > MAX_INSTRUCTIONS) {
    return tooLarge(`the condition becomes more than ${MAX_INSTRUCTIONS} instructions`);
  }
  if (code.stack > MAX_STACK) {
    return tooLarge(`the condition keeps more than ${MAX_STACK} values waiting at once`);
  }
  return fine(code);
}

class Code implements LoweredCondition {
  readonly instructions: Instruction[] = [];
  readonly facts: FactDefinition[] = [];
  readonly automata: pb.Automaton[] = [];
  readonly strings: string[] = [];
  readonly stringLists: (readonly string[])[] = [];
  readonly ints: bigint[] = [];
  readonly intLists: (readonly bigint[])[] = [];
  stack = 0;
  #depth = 0;

  /** Appends an instruction that takes `pops` values and leaves `pushes`. */
  push(operation: number, pops: number, pushes: number, b = 0, a = 0): Instruction {
    const instruction = { operation, a, b };
    this.instructions.push(instruction);
    this.#depth += pushes - pops;
    this.stack = Math.max(this.stack, this.#depth);
    return instruction;
  }
}

/** Index of a value in a list of constants, added when it is new. */
function intern<T>(list: T[], value: T, isSame = (other: T): boolean => other === value): number {
  const found = list.findIndex(isSame);
  return found >= 0 ? found : list.push(value) - 1;
}

const sameEntries = <T>(left: readonly T[], right: readonly T[]): boolean =>
  left.length === right.length && left.every((entry, i) => entry === right[i]);

function write(code: Code, part: Expression): void {
  switch (part.kind) {
    case 'constant':
      return writeConstant(code, part.value);
    case 'list':
      return writeList(code, part.values);
    case 'fact':
      code.push(abi.OP_FACT, 0, 1, intern(code.facts, part.fact));
      return;
    case 'has':
      code.push(abi.OP_KNOWN, 0, 1, intern(code.facts, part.fact));
      return;
    case 'not':
      return writeOperation(code, abi.OP_NOT, [part.operand]);
    case 'negate':
      return writeOperation(code, abi.OP_NEG, [part.operand]);
    case 'and':
      return writeLogic(code, part, abi.OP_JUMP_IF_FALSE, abi.OP_AND);
    case 'or':
      return writeLogic(code, part, abi.OP_JUMP_IF_TRUE, abi.OP_OR);
    case 'choose':
      return writeOperation(code, abi.OP_SELECT, [part.test, part.whenTrue, part.whenFalse]);
    case 'compare':
      return writeOperation(code, COMPARISONS[part.comparison], [part.left, part.right]);
    case 'arithmetic':
      return writeOperation(code, ARITHMETIC[part.operation], [part.left, part.right]);
    case 'in':
      return writeOperation(code, abi.OP_IN, [part.element, part.list]);
    case 'text':
      return writeOperation(code, TEXT_TESTS[part.test], [part.text, part.part]);
    case 'matches':
      return writeOperation(code, abi.OP_MATCHES, [part.text], automatonOf(code, part.automaton));
    case 'size':
      return writeOperation(code, abi.OP_SIZE, [part.operand]);
    case 'some':
    case 'every': {
      const operation = part.kind === 'some' ? abi.OP_EXISTS : abi.OP_ALL;
      return writeOperation(code, operation, [part.list, part.operand], 0, ENTRY_TESTS[part.test]);
    }
    case 'some_match':
    case 'every_match': {
      const operation = part.kind === 'some_match' ? abi.OP_EXISTS : abi.OP_ALL;
      const automaton = automatonOf(code, part.automaton);
      return writeOperation(code, operation, [part.list], automaton, abi.OP_MATCHES);
    }
  }
}

const automatonOf = (code: Code, automaton: pb.Automaton): number =>
  intern(code.automata, automaton, (other) => other.pattern === automaton.pattern);

function writeConstant(code: Code, value: boolean | bigint | string): void {
  if (typeof value === 'boolean') code.push(value ? abi.OP_TRUE : abi.OP_FALSE, 0, 1);
  else if (typeof value === 'bigint') code.push(abi.OP_INT, 0, 1, intern(code.ints, value));
  else code.push(abi.OP_STRING, 0, 1, intern(code.strings, value));
}

function writeList(code: Code, values: readonly string[] | readonly bigint[]): void {
  if (isStrings(values)) {
    const index = intern(code.stringLists, values, (other) => sameEntries(other, values));
    code.push(abi.OP_STRING_LIST, 0, 1, index);
  } else {
    const index = intern(code.intLists, values, (other) => sameEntries(other, values));
    code.push(abi.OP_INT_LIST, 0, 1, index);
  }
}

const isStrings = (values: readonly string[] | readonly bigint[]): values is readonly string[] =>
  typeof values[0] === 'string';

function writeOperation(code: Code, operation: number, operands: readonly Expression[], b = 0, a = 0): void {
  for (const operand of operands) write(code, operand);
  code.push(operation, operands.length, 1, b, a);
}

/** The jump saves the right operand where the left decides; it leaves the left value as the result. */
function writeLogic(
  code: Code,
  { left, right }: Expression & { kind: 'and' | 'or' },
  jumpOperation: number,
  operation: number,
): void {
  write(code, left);
  const jump = code.push(jumpOperation, 0, 0);
  const after = code.instructions.length;
  write(code, right);
  code.push(operation, 2, 1);
  jump.b = code.instructions.length - after;
}
