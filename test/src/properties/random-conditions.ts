/** Well-typed conditions as CEL text, in all that the compiler supports, many of them failing at run time. */
import { compileCondition, type CompiledCondition } from '@sluice/policy-compiler';
import { FACTS, type FactType } from '@sluice/schemas';
import { randomWord } from './random-names.js';
import { randomRegex } from './random-regex.js';
import type { Random } from './random.js';

const factsOf = (type: FactType): readonly string[] =>
  FACTS.filter((fact) => fact.type === type).map(({ name }) => name);
const BOOLS = factsOf('bool');
const INTS = factsOf('int');
const STRINGS = factsOf('string');
const LISTS = factsOf('list(string)');
const ALL = FACTS.map(({ name }) => name);

/** What a well-typed condition may still be refused for: it is too large, or a part of it always fails. */
const ALLOWED_REFUSALS: ReadonlySet<string> = new Set([
  'cel_always_fails',
  'cel_too_large',
  'regex_too_complex',
]);

export function randomCondition(random: Random): CompiledCondition {
  for (;;) {
    const cel = bool(random, random.between(0, 4));
    const compiled = compileCondition(cel, ['postgres']);
    if (compiled.ok) return compiled.value;
    for (const { error, message } of compiled.problems) {
      if (ALLOWED_REFUSALS.has(error.name)) continue;
      throw new Error(`the condition \`${cel}\` should compile: ${error.code} ${message}`);
    }
  }
}

type Maker = (random: Random, depth: number) => string;

/** CEL spells strings as JSON does, save for halves of surrogate pairs, which it does not have. */
const quote = (value: string): string => JSON.stringify(value.replaceAll(/\p{Surrogate}/gu, ''));

const literal: Maker = (random) => quote(randomWord(random));

const simpleBool: Maker = (random, depth) =>
  random.pick([
    comparison,
    comparison,
    textTest,
    textTest,
    membership,
    quantified,
    hasFact,
    matching,
    factBool,
  ])(random, depth);

const bool: Maker = (random, depth) => {
  if (depth <= 0) return simpleBool(random, 0);
  return random.pick<Maker>([
    (r, d) => `(${bool(r, d - 1)} && ${bool(r, d - 1)})`,
    (r, d) => `(${bool(r, d - 1)} || ${bool(r, d - 1)})`,
    (r, d) => `!(${bool(r, d - 1)})`,
    (r, d) => `(${bool(r, d - 1)} ? ${bool(r, d - 1)} : ${bool(r, d - 1)})`,
    (r, d) => `(${bool(r, d - 1)}) ${r.pick(['==', '!='])} (${bool(r, d - 1)})`,
    simpleBool,
    (r) => (r.chance(0.1) ? r.pick(['true', 'false']) : simpleBool(r, 0)),
  ])(random, depth);
};

const factBool: Maker = (random) => random.pick(BOOLS);
const hasFact: Maker = (random) => {
  const fact = random.pick(ALL);
  return random.chance(0.5) ? `has(${fact})` : `!has(${fact})`;
};

const comparison: Maker = (random, depth) => {
  const operator = random.pick(['==', '!=', '<', '<=', '>', '>=']);
  const side = random.chance(0.6) ? int : text;
  return `${side(random, depth - 1)} ${operator} ${side(random, depth - 1)}`;
};

const int: Maker = (random, depth) => {
  if (depth <= 0 || random.chance(0.3)) return random.chance(0.6) ? random.pick(INTS) : intLiteral(random);
  return random.pick<Maker>([
    (r, d) => `(${int(r, d - 1)} ${r.pick(['+', '-', '*', '/', '%'])} ${int(r, d - 1)})`,
    (r, d) => `(${int(r, d - 1)} ${r.pick(['+', '-', '*', '/', '%'])} ${int(r, d - 1)})`,
    (r, d) => `-(${int(r, d - 1)})`,
    (r, d) => `size(${r.chance(0.5) ? text(r, d - 1) : list(r, d - 1)})`,
    (r, d) => `${r.chance(0.5) ? text(r, d - 1) : list(r, d - 1)}.size()`,
    (r, d) => `(${bool(r, d - 2)} ? ${int(r, d - 1)} : ${int(r, d - 1)})`,
  ])(random, depth);
};

const intLiteral = (random: Random): string =>
  random.chance(0.7)
    ? String(random.between(-3, 12))
    : random.pick(['9223372036854775807', '-9223372036854775808', '4294967296', '-4294967297', '3037000500']);

const text: Maker = (random, depth) => {
  if (depth <= 0 || random.chance(0.7)) return random.chance(0.6) ? random.pick(STRINGS) : literal(random, 0);
  return `(${bool(random, depth - 2)} ? ${text(random, depth - 1)} : ${text(random, depth - 1)})`;
};

const list: Maker = (random, depth) => {
  if (depth <= 0 || random.chance(0.6))
    return random.chance(0.7) ? random.pick(LISTS) : stringList(random, 0);
  return `(${bool(random, depth - 2)} ? ${list(random, depth - 1)} : ${list(random, depth - 1)})`;
};

const stringList: Maker = (random) =>
  `[${Array.from({ length: random.between(1, 5) }, () => literal(random, 0)).join(', ')}]`;

const membership: Maker = (random, depth) => {
  if (random.chance(0.6)) return `${text(random, depth - 1)} in ${list(random, depth - 1)}`;
  const ints = Array.from({ length: random.between(1, 5) }, () => intLiteral(random));
  return `${int(random, depth - 1)} in [${ints.join(', ')}]`;
};

const textTest: Maker = (random, depth) =>
  `${text(random, depth - 1)}.${random.pick(['startsWith', 'endsWith', 'contains'])}(${text(random, depth - 1)})`;

const pattern = (random: Random): string => quote(randomRegex(random));

const matching: Maker = (random, depth) => `${text(random, depth - 1)}.matches(${pattern(random)})`;

const quantified: Maker = (random, depth) => {
  const macro = random.pick(['exists', 'all']);
  // The test may hold another macro, whose variable must have another name.
  const v = `v${random.below(1e9)}`;
  if (random.chance(0.25)) {
    const test = random.pick([
      `${text(random, depth - 1)}.contains(${v})`,
      `${v} in ${list(random, depth - 1)} && ${simpleBool(random, 0)}`,
      `!(${v} == ${text(random, depth - 1)}) || ${v} < ${text(random, depth - 1)}`,
    ]);
    return `${stringList(random, 0)}.${macro}(${v}, ${test})`;
  }
  const operand = text(random, depth - 1);
  const test = random.pick([
    `${v} == ${operand}`,
    `${operand} != ${v}`,
    `${v} in ${list(random, depth - 1)}`,
    `${v}.startsWith(${operand})`,
    `${v}.endsWith(${operand})`,
    `!${v}.contains(${operand})`,
    `${v}.matches(${pattern(random)})`,
  ]);
  return `${random.pick(LISTS)}.${macro}(${v}, ${test})`;
};
