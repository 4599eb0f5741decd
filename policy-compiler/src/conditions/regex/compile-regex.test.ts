/** Automata against RE2 itself: the same texts match. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RE2JS } from 're2js';
import { automatonAccepts, compileRegex } from './compile-regex.js';

const PATTERNS = [
  '',
  'a',
  'ab|cd',
  '^ab',
  'ab$',
  '^$',
  '$^',
  '^^a$$',
  '(^a|b)c$',
  '(a|^)b',
  'a(b|$)',
  'x*',
  '(a*)*b',
  '(a|b)*abb',
  '(?:ab){2,3}c?',
  'a{0}b',
  'a{2,}',
  'a{,3}',
  'a{x',
  '[abc]+d',
  '[^abc]',
  '[]a]b',
  '[^]a]b',
  '[a-c-]',
  '[\\d-]x',
  '[[:alpha:]][[:^digit:]]',
  '\\d+\\.\\d+',
  '\\s\\S\\w\\W\\D',
  '.',
  '(?s).',
  'a.c',
  '(?i)straSSe',
  '(?i)[k-s]x',
  '(?i)\\w\\x{212a}',
  '(?i)[^k]',
  '(?is)^k.k$',
  'é+\\x{1f600}?',
  '[\\x{1f600}-\\x{1f64f}]',
  '\\A(a|\\z)',
  '(?P<name>a)(?<other>b)',
  'a*?b+?c??',
  '(|a)b',
  '()',
  '\\x41\\x{42}\\t\\n\\*\\-',
  '^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$',
  '(foo|foobar)(bar)?$',
];

const ALPHABET = [
  'a',
  'b',
  'c',
  'd',
  'x',
  'k',
  'K',
  '\u212a',
  's',
  'S',
  '\u017f',
  '0',
  '9',
  '.',
  '-',
  ' ',
  '\n',
  '\t',
  '\v',
  '_',
  ']',
  '{',
  ',',
  '3',
  'é',
  'É',
  '\u{1f600}',
  '\uffff',
  'f',
  'o',
  'r',
  'A',
  'B',
  '*',
];

/** Every text of up to two letters, and longer ones from a fixed generator. */
function texts(pattern: string): readonly string[] {
  const short = ALPHABET.flatMap((a) => ['', a, ...ALPHABET.map((b) => a + b)]);
  let state = Array.from(pattern).reduce((sum, char) => sum * 31 + (char.codePointAt(0) ?? 0), 7) >>> 0;
  const next = (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const letters = [
    ...new Set([...Array.from(pattern).filter((char) => /[\w.]/.test(char)), ...ALPHABET.slice(0, 8)]),
  ];
  const long = Array.from({ length: 1500 }, () =>
    Array.from({ length: 3 + next(6) }, () => letters[next(letters.length)] ?? '').join(''),
  );
  return [...short, ...long];
}

for (const pattern of PATTERNS) {
  test(`/${pattern}/ matches what RE2 matches`, () => {
    const compiled = compileRegex(pattern);
    assert.ok(compiled.ok, compiled.ok ? '' : compiled.message);
    const re2 = RE2JS.compile(pattern);
    for (const text of texts(pattern)) {
      assert.equal(automatonAccepts(compiled.automaton, text), re2.test(text), JSON.stringify(text));
    }
  });
}

/** Alphabets with case, without the few letters that later versions of Unicode gave a partner. */
const CASED: readonly (readonly [number, number])[] = [
  [0x80, 0x19a],
  [0x19c, 0x24f],
  [0x370, 0x587],
  [0x10a0, 0x10ff],
  [0x13a0, 0x13fd],
  [0x1e00, 0x1fff],
  [0x2100, 0x218f],
  [0x2c00, 0x2d2d],
  [0xff21, 0xff5a],
  [0x10400, 0x1044f],
];

test('case folding knows the same pairs as RE2', () => {
  const differing: string[] = [];
  let compared = 0;
  for (const [first, last] of CASED) {
    for (let point = first; point <= last; point++) {
      const char = String.fromCodePoint(point);
      const others = [char.toLowerCase(), char.toUpperCase()].filter((other) => other !== char);
      if (others.length === 0) continue;
      const compiled = compileRegex(`(?i)^${char}$`);
      assert.ok(compiled.ok);
      const re2 = RE2JS.compile(`(?i)^${char}$`);
      for (const other of others) {
        if (automatonAccepts(compiled.automaton, other) !== re2.test(other)) differing.push(char + other);
      }
      compared++;
    }
  }
  assert.deepEqual(differing, []);
  assert.ok(compared > 1000);
});

test('an automaton is as small as its language allows', () => {
  const compiled = compileRegex('^(aa|ab|ba|bb)$');
  assert.ok(compiled.ok);
  // nothing, one letter, two letters, never
  assert.equal(compiled.automaton.accepting.length, 4);
  assert.equal(compiled.automaton.classes, 3);
});

test('state explosion is refused soon', () => {
  for (const pattern of ['(a|b)*a(a|b){20}', '(.*a){12}b', '[ab]*a[ab]{500}', '(a{30}){30}']) {
    const started = performance.now();
    const compiled = compileRegex(pattern);
    assert.ok(performance.now() - started < 5_000, pattern);
    if (!compiled.ok) assert.equal(compiled.reason, 'too_complex');
    assert.ok(!compiled.ok || compiled.automaton.accepting.length <= 1000);
  }
});
