/**
 * Conditions by an implementation of CEL that knows nothing of the byte code: `@bufbuild/cel` runs the text as
 * the author wrote it. It leaves the specification (cel-spec, langdef.md) in two places, mended here:
 * strings are ordered by code point, not by UTF-16 code unit; and the remainder fails where the quotient
 * overflows, as the reference implementation has it. `size` counts code points and ints have 64 bits in both.
 */
import { celEnv, celFunc, CelScalar, isCelError, parse, plan, type CelInput } from '@bufbuild/cel';
import { FACTS, pb, type Facts, type FactValue } from '@sluice/schemas';
import { calculate, fitsInt64 } from '../conditions/int64.js';
import { compareText, wellFormed } from '../conditions/text.js';

export type ConditionResult = 'true' | 'false' | 'failed';
export type RunnableCondition = (facts: CelFacts) => ConditionResult;

/** Facts as nested objects, the way a condition reads them: `sql.kind` is the field `kind` of `sql`. */
export type CelFacts = Record<string, CelInput>;

const { BOOL, INT, STRING } = CelScalar;

const env = celEnv({
  funcs: [
    celFunc('_<_', [STRING, STRING], BOOL, (left, right) => compareText(left, right) < 0),
    celFunc('_<=_', [STRING, STRING], BOOL, (left, right) => compareText(left, right) <= 0),
    celFunc('_>_', [STRING, STRING], BOOL, (left, right) => compareText(left, right) > 0),
    celFunc('_>=_', [STRING, STRING], BOOL, (left, right) => compareText(left, right) >= 0),
    celFunc('_%_', [INT, INT], INT, (left, right) => {
      const value = calculate('modulo', left, right);
      if (value === undefined) throw new RangeError('the remainder fails');
      return value;
    }),
  ],
});

export function runnableCondition(cel: string): RunnableCondition {
  const run = plan(env, parse(`${cel}\n`));
  return (facts) => {
    const value = run(facts);
    // Fail closed: anything but a bool is a failure, which the caller never lets widen.
    if (isCelError(value) || typeof value !== 'boolean') return 'failed';
    return value ? 'true' : 'false';
  };
}

/** Only facts that the plan reads; an unknown one is a missing field, so that reading it fails and `has` is false. */
export function celFacts(slots: readonly pb.FactSlot[], facts: Facts): CelFacts {
  const roots: Record<string, Record<string, CelInput>> = {};
  for (const { name } of FACTS) roots[name.split('.')[0] ?? name] = {};
  for (const { name, type } of slots) {
    const [root = '', field = ''] = name.split('.');
    const value = celValue(type, facts[name]);
    if (value !== undefined) (roots[root] ??= {})[field] = value;
  }
  return roots;
}

/** A value of another type than the schema says is as good as unknown. */
function celValue(type: pb.FactType, value: FactValue | undefined): CelInput | undefined {
  switch (type) {
    case pb.FactType.BOOL:
      return typeof value === 'boolean' ? value : undefined;
    case pb.FactType.INT:
      return typeof value === 'bigint' && fitsInt64(value) ? value : undefined;
    case pb.FactType.STRING:
      return typeof value === 'string' ? wellFormed(value) : undefined;
    case pb.FactType.STRING_LIST:
      return isTextList(value) ? value.map(wellFormed) : undefined;
    case pb.FactType.UNSPECIFIED:
      break;
  }
  return undefined;
}

const isTextList = (value: FactValue | undefined): value is readonly string[] =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string');
