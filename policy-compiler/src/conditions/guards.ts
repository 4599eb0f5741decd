/**
 * Which facts a condition reads without knowing that they are known, and what else can fail when it is
 * evaluated. Conservative: what is not named here cannot fail.
 */
import type { FactDefinition } from '@sluice/schemas';
import type { Expression } from './expression.js';
import { MAX_INT, MIN_INT } from './int64.js';
import type { Span } from './problem.js';

export interface Hazard extends Span {
  /** The fact that may be unknown, or undefined when arithmetic may fail. */
  readonly fact: FactDefinition | undefined;
  readonly message: string;
}

/** `isSure` says which facts are known for every request. */
export function findHazards(
  condition: Expression,
  isSure: (fact: FactDefinition) => boolean,
): readonly Hazard[] {
  const hazards: Hazard[] = [];

  /** `guarded`: facts that are known whenever this part has a say in the result. */
  const visit = (part: Expression, guarded: ReadonlySet<string>): void => {
    if (part.kind === 'fact') {
      if (!isSure(part.fact) && !guarded.has(part.fact.name)) hazards.push(unknownFact(part, part.fact));
      return;
    }
    if (part.kind === 'and' || part.kind === 'or') {
      // The operands guard each other: where one decides, a failure of the other does not count.
      const [ofLeft, ofRight] = [decidedWithout(part.left), decidedWithout(part.right)];
      visit(part.left, union(guarded, part.kind === 'and' ? ofRight.isFalse : ofRight.isTrue));
      visit(part.right, union(guarded, part.kind === 'and' ? ofLeft.isFalse : ofLeft.isTrue));
      return;
    }
    if (part.kind === 'choose') {
      const test = decidedWithout(part.test);
      visit(part.test, guarded);
      visit(part.whenTrue, union(guarded, test.isFalse));
      visit(part.whenFalse, union(guarded, test.isTrue));
      return;
    }
    if (part.kind === 'arithmetic' || part.kind === 'negate') {
      const message = arithmeticHazard(part);
      if (message !== undefined) hazards.push({ from: part.from, to: part.to, fact: undefined, message });
    }
    for (const child of childrenOf(part)) visit(child, guarded);
  };

  visit(condition, new Set());
  return hazards;
}

const unknownFact = ({ from, to }: Span, fact: FactDefinition): Hazard => ({
  from,
  to,
  fact,
  message: `\`${fact.name}\` may be unknown, and then the condition fails`,
});

const union = (a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> => new Set([...a, ...b]);
const both = (a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> =>
  new Set([...a].filter((name) => b.has(name)));
const NONE: ReadonlySet<string> = new Set();

/** Facts without which a part is surely false, and those without which it is surely true; never failed. */
function decidedWithout(part: Expression): { isFalse: ReadonlySet<string>; isTrue: ReadonlySet<string> } {
  if (part.kind === 'has') return { isFalse: new Set([part.fact.name]), isTrue: NONE };
  if (part.kind === 'not') {
    const { isFalse, isTrue } = decidedWithout(part.operand);
    return { isFalse: isTrue, isTrue: isFalse };
  }
  if (part.kind !== 'and' && part.kind !== 'or') return { isFalse: NONE, isTrue: NONE };
  const [left, right] = [decidedWithout(part.left), decidedWithout(part.right)];
  return part.kind === 'and'
    ? { isFalse: union(left.isFalse, right.isFalse), isTrue: both(left.isTrue, right.isTrue) }
    : { isFalse: both(left.isFalse, right.isFalse), isTrue: union(left.isTrue, right.isTrue) };
}

export function childrenOf(part: Expression): readonly Expression[] {
  switch (part.kind) {
    case 'constant':
    case 'list':
    case 'fact':
    case 'has':
      return [];
    case 'not':
    case 'negate':
    case 'size':
      return [part.operand];
    case 'and':
    case 'or':
    case 'compare':
    case 'arithmetic':
      return [part.left, part.right];
    case 'choose':
      return [part.test, part.whenTrue, part.whenFalse];
    case 'in':
      return [part.element, part.list];
    case 'text':
      return [part.text, part.part];
    case 'matches':
      return [part.text];
    case 'some':
    case 'every':
      return [part.list, part.operand];
    case 'some_match':
    case 'every_match':
      break;
  }
  return [part.list];
}

function arithmeticHazard(part: Expression & { kind: 'arithmetic' | 'negate' }): string | undefined {
  if (part.kind === 'arithmetic' && (part.operation === 'divide' || part.operation === 'modulo')) {
    const divisor = intervalOf(part.right);
    if (divisor.min <= 0n && divisor.max >= 0n)
      return 'the divisor may be zero, and then the condition fails';
  }
  const isModulo = part.kind === 'arithmetic' && part.operation === 'modulo';
  const { min, max } = unboundedIntervalOf(isModulo ? { ...part, operation: 'divide' } : part);
  return min < MIN_INT || max > MAX_INT
    ? 'the result may not fit into 64 bits, and then the condition fails'
    : undefined;
}

interface Interval {
  readonly min: bigint;
  readonly max: bigint;
}

const ANY_INT: Interval = { min: MIN_INT, max: MAX_INT };

function intervalOf(part: Expression): Interval {
  const { min, max } = unboundedIntervalOf(part);
  return { min: min < MIN_INT ? MIN_INT : min, max: max > MAX_INT ? MAX_INT : max };
}

/** Between which values the result lies when it has as many bits as it needs. */
function unboundedIntervalOf(part: Expression): Interval {
  if (part.kind === 'constant' && typeof part.value === 'bigint') return { min: part.value, max: part.value };
  if (part.kind === 'size') return { min: 0n, max: 2n ** 31n };
  // Facts that are always known are counts of the enforcer's own; others repeat what a request or backend says.
  if (part.kind === 'fact' && part.fact.known === 'always') return { min: 0n, max: 2n ** 53n };
  if (part.kind === 'choose') {
    const [a, b] = [intervalOf(part.whenTrue), intervalOf(part.whenFalse)];
    return hull([a.min, a.max, b.min, b.max]);
  }
  if (part.kind === 'negate') {
    const { min, max } = intervalOf(part.operand);
    return { min: -max, max: -min };
  }
  return part.kind === 'arithmetic' ? arithmeticInterval(part) : ANY_INT;
}

function arithmeticInterval({ operation, left, right }: Expression & { kind: 'arithmetic' }): Interval {
  const [a, b] = [intervalOf(left), intervalOf(right)];
  switch (operation) {
    case 'add':
      return { min: a.min + b.min, max: a.max + b.max };
    case 'subtract':
      return { min: a.min - b.max, max: a.max - b.min };
    case 'multiply':
      return hull([a.min * b.min, a.min * b.max, a.max * b.min, a.max * b.max]);
    case 'divide': {
      // The quotient is largest beside the smallest divisors there are.
      const divisors = [b.min, b.max, -1n, 1n].filter(
        (value) => value !== 0n && value >= b.min && value <= b.max,
      );
      return hull(divisors.flatMap((divisor) => [a.min / divisor, a.max / divisor, 0n]));
    }
    case 'modulo':
      break;
  }
  const sizes = [b.min, b.max].map((value) => (value < 0n ? -value : value));
  const size = sizes.reduce((x, y) => (x > y ? x : y));
  return { min: a.min < 0n ? 1n - size : 0n, max: a.max > 0n ? size - 1n : 0n };
}

const hull = (values: readonly bigint[]): Interval =>
  values.reduce<Interval>(
    ({ min, max }, value) => ({ min: value < min ? value : min, max: value > max ? value : max }),
    { min: values[0] ?? 0n, max: values[0] ?? 0n },
  );
