/** Regular expressions in the supported part of RE2's syntax, and texts that take them to their limits. */
import type { pb } from '@sluice/schemas';
import type { Random } from './random.js';

const ATOMS = [
  'a',
  'b',
  'ab',
  '.',
  'é',
  '\u{1f600}',
  'k',
  's',
  '-',
  ' ',
  '\\.',
  '\\d',
  '\\w',
  '\\s',
  '\\D',
  '\\W',
];
const CLASSES = [
  '[ab]',
  '[^a]',
  '[a-c]',
  '[^\\d]',
  '[[:alpha:]]',
  '[é-ü]',
  '[\\w-]',
  '[]a]',
  '[^\\s\\S]',
  '\\x{e9}',
];

export function randomRegex(random: Random): string {
  const flags = random.chance(0.2) ? random.pick(['(?i)', '(?s)', '(?is)']) : '';
  return flags + randomChoice(random, 2);
}

function randomChoice(random: Random, depth: number): string {
  const options = Array.from({ length: random.chance(0.25) ? 2 : 1 }, () => {
    const parts = Array.from({ length: random.between(depth === 2 ? 1 : 0, 4) }, () =>
      randomPart(random, depth),
    );
    return parts.join('');
  });
  return options.join('|');
}

function randomPart(random: Random, depth: number): string {
  if (random.chance(0.12)) return random.pick(['^', '$', '\\A', '\\z']);
  const atom =
    depth > 0 && random.chance(0.25)
      ? `${random.pick(['(', '(?:'])}${randomChoice(random, depth - 1)})`
      : random.pick(random.chance(0.7) ? ATOMS : CLASSES);
  if (random.chance(0.7)) return atom;
  const single =
    atom.startsWith('(') || atom.startsWith('[') || atom.startsWith('\\') || Array.from(atom).length === 1;
  return (single ? atom : `(?:${atom})`) + random.pick(['*', '+', '?', '*?', '{2}', '{0,2}', '{1,}', '{0}']);
}

/** A walk through an automaton: texts that match far more often than chance would. */
export function textNear(random: Random, automaton: pb.Automaton): string {
  let text = '';
  let state = 0;
  for (let length = random.between(0, 10); length > 0; length--) {
    const moves = automaton.rangeStarts.map((start, range) => ({
      start,
      end: (automaton.rangeStarts[range + 1] ?? 0x110000) - 1,
      next: automaton.transitions[state * automaton.classes + (automaton.rangeClasses[range] ?? 0)] ?? 0,
    }));
    const leaving = moves.filter(({ next }) => next !== state && next !== 0);
    const { start, end, next } = random.pick(leaving.length > 0 && random.chance(0.8) ? leaving : moves);
    const point = random.chance(0.7)
      ? random.pick([start, end])
      : random.between(start, Math.min(end, start + 40));
    text += String.fromCodePoint(point >= 0xd800 && point <= 0xdfff ? 0xe000 : point);
    state = next;
  }
  return text;
}
