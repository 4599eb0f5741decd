import type { CharSet } from 'refa';
import { MAX_CLASSES } from '../caps.js';
import { RegexRefusal } from './syntax.js';

/** All code points cut into ranges, each with its class: no set tells two code points of a class apart. */
export interface Classes {
  readonly starts: readonly number[];
  readonly classOf: readonly number[];
  readonly count: number;
  /** Classes that a set is made of. */
  readonly membersOf: ReadonlyMap<CharSet, readonly number[]>;
}

export function toClasses(sets: readonly CharSet[]): Classes {
  const cuts = new Set([0]);
  for (const { ranges } of sets) {
    for (const { min, max } of ranges) {
      cuts.add(min);
      if (max < 0x10ffff) cuts.add(max + 1);
    }
  }
  const classes = new Map<string, number>();
  const starts: number[] = [];
  const classOf: number[] = [];
  const members = new Map(sets.map((set) => [set, new Set<number>()]));
  for (const start of [...cuts].sort((a, b) => a - b)) {
    const holders = sets.filter((set) => set.has(start));
    const signature = sets.map((set) => (set.has(start) ? '1' : '0')).join('');
    const found = classes.get(signature) ?? classes.size;
    classes.set(signature, found);
    for (const set of holders) members.get(set)?.add(found);
    if (classOf.at(-1) === found) continue;
    starts.push(start);
    classOf.push(found);
  }
  if (classes.size > MAX_CLASSES) {
    throw new RegexRefusal(
      'too_complex',
      `it tells more than ${MAX_CLASSES} kinds of characters apart`,
      0,
      0,
    );
  }
  return {
    starts,
    classOf,
    count: classes.size,
    membersOf: new Map([...members].map(([set, found]) => [set, [...found]])),
  };
}
