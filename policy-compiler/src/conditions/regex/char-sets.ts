/** Sets of code points, as RE2 defines them: \d, \w, \s and the POSIX classes are ASCII. */
import { CharSet, JS } from 'refa';

const MAX_CODE_POINT = 0x10ffff;

const ranges = (...pairs: readonly (readonly [number | string, number | string])[]): CharSet =>
  CharSet.empty(MAX_CODE_POINT).union(
    pairs.map(([min, max]) => ({ min: codePoint(min), max: codePoint(max) })),
  );

const codePoint = (char: number | string): number =>
  typeof char === 'number' ? char : (char.codePointAt(0) ?? 0);

export const range = (min: number, max: number): CharSet => ranges([min, max]);
export const single = (char: number): CharSet => ranges([char, char]);
export const NOTHING = CharSet.empty(MAX_CODE_POINT);
export const ANYTHING = CharSet.all(MAX_CODE_POINT);
export const ANY_BUT_NEWLINE = single(0x0a).negate();

const DIGIT = ranges(['0', '9']);
const WORD = ranges(['0', '9'], ['A', 'Z'], ['_', '_'], ['a', 'z']);

export const PERL: ReadonlyMap<string, CharSet> = new Map([
  ['d', DIGIT],
  ['w', WORD],
  ['s', ranges(['\t', '\n'], ['\f', '\r'], [' ', ' '])],
]);

export const POSIX: ReadonlyMap<string, CharSet> = new Map([
  ['alnum', ranges(['0', '9'], ['A', 'Z'], ['a', 'z'])],
  ['alpha', ranges(['A', 'Z'], ['a', 'z'])],
  ['ascii', ranges([0, 0x7f])],
  ['blank', ranges(['\t', '\t'], [' ', ' '])],
  ['cntrl', ranges([0, 0x1f], [0x7f, 0x7f])],
  ['digit', DIGIT],
  ['graph', ranges(['!', '~'])],
  ['lower', ranges(['a', 'z'])],
  ['print', ranges([' ', '~'])],
  ['punct', ranges(['!', '/'], [':', '@'], ['[', '`'], ['{', '~'])],
  ['space', ranges(['\t', '\r'], [' ', ' '])],
  ['upper', ranges(['A', 'Z'])],
  ['word', WORD],
  ['xdigit', ranges(['0', '9'], ['A', 'F'], ['a', 'f'])],
]);

/**
 * Everything that differs from a member only in case, by Unicode simple case folding. The tables are those of the
 * library, not of the running Node, so that the same pattern always gives the same automaton; letters that newer
 * versions of Unicode gave a partner stay alone.
 */
export function foldCase(set: CharSet): CharSet {
  return JS.createCharSet(set.ranges, { unicode: true, ignoreCase: true });
}
