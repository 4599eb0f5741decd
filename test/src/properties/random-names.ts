/** Names as they could be written by people who want to break things: prefixes of each other, odd, long, empty. */
import type { Random } from './random.js';

const WORDS = [
  'a',
  'b',
  'ab',
  'aa',
  'public',
  'pub',
  'payroll',
  'Ü',
  'é',
  '\u{1f600}',
  '\uff41',
  'x.y',
  '0',
  ' ',
];

export const randomWord = (random: Random): string => {
  if (random.chance(0.02))
    return random.pick(['', 'w'.repeat(random.between(100, 300)), '*', '\ud800', '\0']);
  return random.chance(0.15) ? `${random.pick(WORDS)}${random.below(1000)}` : random.pick(WORDS);
};

export const randomDotted = (random: Random, parts: number): string =>
  Array.from({ length: parts }, () => randomWord(random)).join('.');

/** A pattern: a name, or one with a few stars in it. */
export function randomPattern(random: Random, parts: number): string {
  const name = randomDotted(random, parts);
  if (random.chance(0.5)) return name.replaceAll('*', '');
  if (random.chance(0.1)) return random.pick(['*', '**', '*.*', '*a', 'a*']);
  const chars = Array.from(name);
  for (let stars = random.between(1, 3); stars > 0; stars--) {
    chars.splice(random.below(chars.length + 1), random.below(3), '*');
  }
  return chars.join('');
}

/** A name that a pattern matches, or nearly. */
export function nameNear(random: Random, pattern: string): string {
  const filled = pattern.replaceAll('*', () => (random.chance(0.3) ? '' : randomWord(random)));
  return random.chance(0.6) ? filled : nearMiss(random, filled);
}

/** The same text with one small thing changed. */
export function nearMiss(random: Random, text: string): string {
  const chars = Array.from(text);
  const at = random.below(chars.length + 1);
  return random.pick([
    () => chars.slice(0, -1).join(''),
    () => chars.slice(1).join(''),
    () => `${text}${randomWord(random)}`,
    () => `${randomWord(random)}${text}`,
    () => `${text}.`,
    () => text.toUpperCase(),
    () => [...chars.slice(0, at), random.pick(WORDS), ...chars.slice(at)].join(''),
    () => [...chars.slice(0, at), ...chars.slice(at + 1)].join(''),
  ])();
}
