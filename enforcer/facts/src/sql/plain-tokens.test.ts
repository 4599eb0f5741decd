import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { toBytes } from './byte-text.js';
import { loadParser, scan } from './parser.js';
import { plainTokens } from './plain-tokens.js';

before(loadParser);

const pieces = (sql: string): readonly string[] | undefined => {
  const bytes = toBytes(sql);
  const tokens = plainTokens(bytes);
  return (
    tokens && tokens.flatMap((start, index) => (index % 2 ? [] : [bytes.slice(start, tokens[index + 1])]))
  );
};

test('reads names, strings, numbers, parameters, operators and comments', () => {
  const words = [
    'SELECT',
    'a',
    '.',
    '"b""c"',
    ',',
    '$1',
    '::',
    'int4',
    ',',
    "'it''s'",
    '<>',
    '12.5',
    '+',
    '$2',
    ';',
  ];
  assert.deepEqual(pieces(`SELECT a."b""c",$1::int4 -- 'x\n,'it''s' /* " */<>12.5+$2;`), words);
  assert.deepEqual(plainTokens(toBytes("'é' x")), [0, 4, 5, 6]);
  assert.deepEqual(plainTokens(toBytes('')), []);
  assert.deepEqual(plainTokens(toBytes('a\fb\vc')), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(scan('a\fb\vc'), { ok: true, value: [0, 1, 2, 3, 4, 5] });
});

const NOT_PLAIN: readonly string[] = [
  `E'\\''`,
  `SELECT e'a'`,
  `U&"a"`,
  `u&'a'`,
  `N'a'`,
  `B'1'`,
  `$$a$$`,
  `$a$b$a$`,
  `'a'\n'b'`,
  `'a' -- c\n 'b'`,
  `/* /* */ */`,
  `/* open`,
  `'open`,
  `"open`,
  `""`,
  `1e5`,
  `0x1F`,
  `1_000`,
  `1.`,
  `.5`,
  `1..2`,
  `$1a`,
  `1a`,
  `a=-1`,
  `a+--c`,
  `a*/*c*/b`,
  'a\\b',
  '{d}',
  '\u0001',
];

test('leaves to the scanner whatever takes more rules', () => {
  for (const sql of NOT_PLAIN) assert.equal(pieces(sql), undefined, sql);
});

// Without \f and \v: the scanner's JSON breaks where a token holds one.
const FRAGMENTS: readonly string[] = (
  "a U u e E n x b select from é 日本 \u00a0 a$1 _ uescape ' '' 'a' '\\' \" \"\" \"a\" $ $$ $1 $a$ & \\ { 1 12.5 . .. e5 " +
  '0x1F 1_0 0 9 + - -- /* */ / * < > = <= <> != => -> ->> || ~ !~~* @ ? | % ^ # ` : :: := , ( ) [ ] ;'
)
  .split(' ')
  .concat([' ', ' ', ' ', ' ', ' ', '\n', '\r', '\t', '-- c\n', '/* c */']);

/** A small generator with a seed, so that a failing text can be made again (xorshift32). */
function randomBelow(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

test('says of random texts exactly what the scanner says, or nothing', () => {
  const seed = (Date.now() & 0x7fffffff) | 1;
  const below = randomBelow(seed);
  let compared = 0;
  for (let round = 0; round < 10_000; round++) {
    const sql = Array.from({ length: 1 + below(8) }, () => FRAGMENTS[below(FRAGMENTS.length)]).join('');
    const plain = plainTokens(toBytes(sql));
    if (plain === undefined) continue;
    const scanned = scan(sql);
    assert.ok(scanned.ok, `${JSON.stringify(sql)}, seed ${seed}`);
    assert.deepEqual([...plain], scanned.value, `${JSON.stringify(sql)}, seed ${seed}`);
    compared++;
  }
  assert.ok(compared > 1000, `${compared} texts were plain`);
});
