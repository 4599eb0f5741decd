/** Requests drawn from a plan's own names and constants, and from just beside them. */
import { pb, type Access, type DecisionRequest, type FactValue } from '@sluice/schemas';
import { nameNear, nearMiss, randomDotted, randomWord } from './random-names.js';
import { textNear } from './random-regex.js';
import type { Random } from './random.js';

/** What a plan speaks of, gathered once. */
export interface Targets {
  readonly plan: pb.Plan;
  readonly groups: readonly string[];
  readonly users: readonly string[];
  readonly ints: readonly bigint[];
  readonly texts: readonly string[];
}

const EDGE_INTS = [0n, 1n, -1n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)];

export function targetsOf(plan: pb.Plan): Targets {
  const named = (prefix: string): string[] =>
    plan.subjects.flatMap((subject) => (subject.startsWith(prefix) ? [subject.slice(prefix.length)] : []));
  return {
    plan,
    groups: named('group:'),
    users: named('user:'),
    ints: [
      ...EDGE_INTS,
      ...plan.conditions.flatMap(({ ints, intLists }) => [
        ...ints,
        ...intLists.flatMap(({ values }) => values),
      ]),
    ],
    texts: [
      '',
      ...named('group:').slice(0, 4),
      ...plan.conditions.flatMap(({ strings, stringLists }) => [
        ...strings,
        ...stringLists.flatMap(({ values }) => values),
      ]),
    ],
  };
}

/** `before` is the request asked last: parts of it come again, as they do on a real connection. */
export function randomRequest(random: Random, targets: Targets, before?: DecisionRequest): DecisionRequest {
  const again = <T>(part: T | undefined, make: () => T): T =>
    part !== undefined && random.chance(0.35) ? part : make();
  return {
    subject: again(before?.subject, () => nameFrom(random, targets.users)),
    groups: again(before?.groups, () => randomGroups(random, targets)),
    connection: again(before?.connection, () => nameFrom(random, targets.plan.connections)),
    accesses: again(before?.accesses, () => randomAccesses(random, targets.plan)),
    columns: again(before?.columns, () => randomColumns(random, targets.plan)),
    facts: again(before?.facts, () => randomFacts(random, targets)),
  };
}

function nameFrom(random: Random, names: readonly string[]): string {
  if (names.length === 0 || random.chance(0.08)) return randomWord(random);
  const name = random.pick(names);
  return random.chance(0.85) ? name : nearMiss(random, name);
}

function randomGroups(random: Random, { groups }: Targets): readonly string[] {
  const count = random.pick([0, 1, 2, 3, 5, groups.length]);
  const beyond = random.chance(0.3)
    ? Array.from({ length: random.between(1, 40) }, (_, i) => `other${i}`)
    : [];
  return random.shuffled([...random.picks(groups, count), ...beyond]);
}

function randomAccesses(random: Random, { actions, resources }: pb.Plan): readonly Access[] {
  const count = random.chance(0.02)
    ? 0
    : random.chance(0.02)
      ? random.between(20, 60)
      : random.pick([1, 1, 2, 3]);
  return Array.from({ length: count }, () => ({
    action: random.chance(0.9) ? nameFrom(random, actions) : randomWord(random),
    resource: patternName(random, resources, 2),
  }));
}

function randomColumns(random: Random, { columns }: pb.Plan): readonly string[] {
  const count = random.chance(0.03) ? random.between(20, 60) : random.between(0, 4);
  return Array.from({ length: count }, () => patternName(random, columns, 3));
}

function patternName(random: Random, patterns: readonly pb.Pattern[], parts: number): string {
  if (patterns.length === 0 || random.chance(0.08)) return randomDotted(random, parts);
  return nameNear(random, random.pick(patterns).text);
}

function randomFacts(random: Random, targets: Targets): DecisionRequest['facts'] {
  const facts: Record<string, FactValue | undefined> = {};
  const isSparse = random.chance(0.1);
  for (const { name, type } of targets.plan.facts) {
    if (random.chance(isSparse ? 0.7 : 0.08)) continue;
    // Sometimes a value of another type, which is as good as none.
    facts[name] = randomValue(random, random.chance(0.01) ? random.pick(TYPES) : type, targets);
  }
  return facts;
}

const TYPES = [pb.FactType.BOOL, pb.FactType.INT, pb.FactType.STRING, pb.FactType.STRING_LIST];

function randomValue(random: Random, type: pb.FactType, targets: Targets): FactValue {
  if (type === pb.FactType.BOOL) return random.chance(0.5);
  if (type === pb.FactType.INT) return randomInt(random, targets);
  if (type === pb.FactType.STRING) return randomText(random, targets);
  const length = random.chance(0.02) ? random.between(50, 200) : random.between(0, 4);
  return Array.from({ length }, () => randomText(random, targets));
}

function randomInt(random: Random, { ints }: Targets): bigint {
  if (random.chance(0.3)) return BigInt(random.between(-2, 30));
  const value = random.pick(ints) + BigInt(random.between(-1, 1));
  return random.chance(0.01) ? value * 2n ** 64n : BigInt.asIntN(64, value);
}

function randomText(random: Random, { texts, plan }: Targets): string {
  if (plan.automata.length > 0 && random.chance(0.3)) {
    const text = textNear(random, random.pick(plan.automata));
    return random.chance(0.7) ? text : `${randomWord(random)}${text}${randomWord(random)}`;
  }
  if (random.chance(0.1)) return randomWord(random);
  const text = random.pick(texts);
  return random.pick([
    text,
    text,
    nearMiss(random, text),
    `${text}${random.pick(texts)}`,
    text.slice(1),
    text.slice(0, -1),
  ]);
}
