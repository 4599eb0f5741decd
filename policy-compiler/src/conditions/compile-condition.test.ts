/** Conditions that compile, conditions that do not, and where the caret points. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { abi, type ErrorName } from '@sluice/schemas';
import { compileCondition } from './index.js';

/** The condition, with the stretch that the problem points at between « and ». */
type Bad = readonly [marked: string, error: ErrorName, message: RegExp];

const unmark = (marked: string) => {
  const from = marked.indexOf('«');
  return { source: marked.replace(/[«»]/g, ''), from, to: marked.indexOf('»') - 1 };
};

const BAD: readonly Bad[] = [
  ['«»', 'cel_syntax', /empty/],
  ["sql.kind «=» 'select'", 'cel_syntax', /unexpected `=`/],
  ["sql.kind == «'»select", 'cel_syntax', /a string begins here and does not end/],
  ["sql.kind == 'a' &&«»", 'cel_syntax', /ends where more was expected/],
  ["«`»a` == 'b'", 'cel_syntax', /unexpected/],
  ["«sql.knd» == 'select'", 'cel_unknown_fact', /`sql.knd` is not a fact/],
  ['has(«sql.limits») || true', 'cel_unknown_fact', /`sql.limits`/],
  ["«sql» == 'a'", 'cel_unknown_fact', /`sql` is not a fact/],
  ['1 < 2 && «nonsense»', 'cel_unknown_fact', /`nonsense`/],
  ['«sql.kind == 5»', 'cel_type', /a string with an int/],
  ['!«sql.joins»', 'cel_type', /`!` takes a bool/],
  ['-«sql.kind» == 3', 'cel_type', /`-` takes an int/],
  ['sql.has_where && «sql.kind»', 'cel_type', /`&&` takes a bool/],
  ['«sql.joins»', 'cel_type', /a condition is a bool, this is an int/],
  ['«sql.joins + sql.kind» > 2', 'cel_type', /two ints/],
  ["(«sql.has_where ? 1 : 'a'») == 1", 'cel_type', /arms/],
  ["'a' in «sql.kind»", 'cel_type', /looks in a list/],
  ['«5 in sql.tables»', 'cel_type', /an int in a list\(string\)/],
  ["sql.joins in «[1, 'a']»", 'cel_type', /strings or ints/],
  ['sql.joins < «9223372036854775808»', 'cel_type', /64 bits/],
  ['sql.kind.startsWith(«5»)', 'cel_type', /`startsWith` takes a string/],
  ['size(«sql.joins») == 1', 'cel_type', /a string or a list/],
  ['«sql.joins».exists(x, x == 1)', 'cel_type', /goes over a list/],
  ['principal.groups.exists(g, g == «5»)', 'cel_type', /an entry is a string/],
  ["['a'].exists(x, «sql.joins + 1»)", 'cel_type', /test of a macro is a bool/],
  ["«sql.kind + 'a'» == 'ab'", 'cel_unsupported', /joining strings/],
  ['«sql.tables == sql.columns»', 'cel_unsupported', /does not compare lists/],
  ['«sql.has_where < true»', 'cel_unsupported', /does not order bools/],
  ["«sql.tables[0]» == 'a'", 'cel_unsupported', /indexing/],
  ['sql.joins < «1.5»', 'cel_unsupported', /doubles/],
  ['sql.joins < «1u»', 'cel_unsupported', /unsigned/],
  ['sql.kind == «null»', 'cel_unsupported', /`null`/],
  ["sql.kind == «b'x'»", 'cel_unsupported', /bytes/],
  ["«{'a': 1}».size() == 1", 'cel_unsupported', /maps/],
  ["«timestamp('x')» == sql.kind", 'cel_unsupported', /function `timestamp`/],
  ['«principal.groups.map(g, g)».size() == 1', 'cel_unsupported', /macro `map`/],
  ["«principal.groups.exists(sql, sql == 'a')»", 'cel_unsupported', /hides another name/],
  ["principal.groups.exists(g, «g == 'a' || g == 'b'»)", 'cel_unsupported', /one simple test/],
  ['principal.groups.exists(g, g == «g»)', 'cel_unsupported', /left of one simple test/],
  ['sql.joins in «[]»', 'cel_unsupported', /empty list/],
  ['sql.joins in [1, «sql.statements»]', 'cel_unsupported', /constants/],
  ['sql.kind.matches(«session.intent»)', 'cel_unsupported', /must be a constant/],
  ["«sql.kind.contains('a', 'b')»", 'cel_unsupported', /one argument/],
  ['sql.joins == «1 / 0»', 'cel_always_fails', /divides by zero/],
  ['«sql.joins % 0» == 1', 'cel_always_fails', /divides by zero/],
  ['sql.joins < «9223372036854775807 + 1»', 'cel_always_fails', /64 bits/],
  ["sql.kind.matches(r'«(?=a)b»')", 'regex_syntax', /invalid or unsupported Perl syntax/],
  ["sql.kind.matches(r'«(a)\\1»')", 'regex_syntax', /escape/],
  ["sql.kind.matches('«a**»')", 'regex_syntax', /repetition/],
  ["sql.kind.matches(r'a«\\b»c')", 'regex_unsupported', /`\\b` is not supported/],
  ["sql.kind.matches(r'x«\\p»L')", 'regex_unsupported', /version of Unicode/],
  ["sql.kind.matches('a«(?i:b»)')", 'regex_unsupported', /flags stand at the beginning/],
  ["sql.kind.matches('«(?m»)^a')", 'regex_unsupported', /flags stand at the beginning/],
  ["sql.kind.matches('«(a|b)*a(a|b){12}»')", 'regex_too_complex', /more than 1000 states/],
  ["sql.kind.matches('«((a{100}){10}){10}»')", 'regex_syntax', /repeat/],
];

for (const [marked, error, message] of BAD) {
  test(`refuses ${marked}`, () => {
    const { source, from, to } = unmark(marked);
    const compiled = compileCondition(source, ['postgres']);
    assert.ok(!compiled.ok, 'it compiled');
    const [problem] = compiled.problems;
    assert.ok(problem !== undefined);
    assert.equal(problem.error.name, error, problem.message);
    assert.match(problem.message, message);
    assert.deepEqual([problem.from, problem.to], [from, to], source.slice(problem.from, problem.to));
    assert.ok(problem.help.length > 0);
    assert.doesNotMatch(problem.message, /\.$|^[A-Z]/);
  });
}

test('names the nearest fact', () => {
  const compiled = compileCondition("sql.knid == 'select'", ['postgres']);
  assert.ok(!compiled.ok);
  assert.match(compiled.problems[0]?.help ?? '', /Did you mean `sql.kind`\?/);
});

test('reports every problem of a condition, not only the first', () => {
  const compiled = compileCondition('sql.a == 1 && sql.b == 2 && sql.joins', ['postgres']);
  assert.ok(!compiled.ok);
  assert.deepEqual(
    compiled.problems.map(({ error }) => error.name),
    ['cel_unknown_fact', 'cel_unknown_fact', 'cel_type'],
  );
});

const TOO_LARGE: readonly (readonly [string, string])[] = [
  ['a long text', `sql.kind == '${'x'.repeat(9000)}'`],
  ['deep brackets', `${'('.repeat(30)}true${')'.repeat(30)}`],
  ['many conditionals', `${'sql.has_where ? true : '.repeat(30)}false`],
  ['a long chain', `sql.joins${' + 1'.repeat(200)} > 3`],
  ['many tokens', Array.from({ length: 600 }, () => 'sql.has_where').join('||')],
  ['many patterns', Array.from({ length: 17 }, (_, i) => `sql.kind.matches('${i}')`).join(' || ')],
  [
    'macros that multiply',
    `${['a', 'b', 'c', 'd'].map((v) => `[1, 2, 3, 4, 5, 6, 7, 8, 9, 10].exists(${v}, `).join('')}sql.joins == a + b + c + d))))`,
  ],
];

for (const [what, source] of TOO_LARGE) {
  test(`refuses ${what} without working long`, () => {
    const started = performance.now();
    const compiled = compileCondition(source, ['postgres']);
    assert.ok(!compiled.ok);
    assert.equal(compiled.problems[0]?.error.name, 'cel_too_large');
    assert.ok(performance.now() - started < 5_000);
  });
}

test('refuses half of a surrogate pair', () => {
  const compiled = compileCondition("sql.kind == '\ud800'", ['postgres']);
  assert.ok(!compiled.ok);
  assert.equal(compiled.problems[0]?.error.name, 'cel_syntax');
});

/** Conditions that compile, and whether they can fail. */
const GOOD: readonly (readonly [string, canFail: boolean])[] = [
  ["sql.kind == 'select'", false],
  ['sql.limit <= 100', true],
  ['has(sql.limit) && sql.limit <= 100', false],
  ['sql.limit <= 100 && has(sql.limit)', false],
  ['!has(sql.limit) || sql.limit <= 100', false],
  ['has(sql.limit) ? sql.limit <= 100 : false', false],
  ['has(sql.limit) || sql.limit <= 100', true],
  ['has(sql.limit) && sql.estimated_rows <= 100', true],
  ['(has(sql.limit) || sql.has_where) && sql.limit <= 100', true],
  ['!(has(sql.limit) && sql.limit > 5)', false],
  ['sql.joins + 1 < 5', false],
  ['sql.joins * sql.joins * sql.joins < 5', true],
  ['has(sql.limit) && sql.limit + 1 < 5', true],
  ['has(sql.limit) && sql.limit - 1 - 9223372036854775807 < 5', true],
  ['sql.joins / 2 == 1', false],
  ['10 / sql.joins == 1', true],
  ['10 % (sql.joins + 1) == 1', false],
  ['has(sql.limit) && sql.limit / -1 < 5', true],
  ['has(sql.limit) && sql.limit % -1 == 0', true],
  ['has(sql.limit) && sql.limit % 10 + 5 > 3', false],
  ["session.intent.matches('(?i)^ticket-[0-9]+$')", false],
  ["principal.groups.exists(g, g in ['a', 'b'])", false],
  ["principal.groups.all(g, !('x' == g))", false],
  ["['a', 'b'].exists(p, session.intent.contains(p) && sql.joins < 3)", false],
  ["sql.tables.all(t, t.startsWith('public.'))", false],
  ["(sql.has_where ? sql.tables : sql.columns).exists(t, t.matches('x.*y'))", false],
  ['size(sql.tables) + session.intent.size() > 3', false],
  ['sql.joins in [1, 2, -3] // why', false],
  ["'''it's''' == session.intent", false],
  ['"\\u00e9\\U0001f600" == session.intent', false],
  ['-9223372036854775808 < sql.joins', false],
];

for (const [source, canFail] of GOOD) {
  test(`compiles ${source}`, () => {
    const compiled = compileCondition(source, ['postgres']);
    assert.ok(compiled.ok, compiled.ok ? '' : compiled.problems[0]?.message);
    assert.equal(compiled.value.canFail, canFail);
    assert.equal(compiled.value.warnings.length > 0, canFail);
    assert.equal(compiled.value.constant, undefined);
    assert.equal(compiled.value.instructions.at(-1)?.operation, abi.OP_RETURN);
  });
}

test('tells where a condition can fail', () => {
  const compiled = compileCondition('sql.joins > 1 && sql.limit < 5', ['postgres']);
  assert.ok(compiled.ok);
  const [warning] = compiled.value.warnings;
  assert.equal(warning?.error.name, 'cel_can_fail');
  assert.deepEqual([warning?.from, warning?.to], [17, 26]);
});

const CONSTANT: readonly (readonly [string, boolean])[] = [
  ['true', true],
  ['1 + 2 * 3 == 7', true],
  ['sql.has_where || true', true],
  ['false && sql.limit > 3', false],
  ["'b' > '\u{1f600}' || 'a' in ['b']", false],
  ["'\uffff' < '\u{1f600}'", true],
  ["'abc'.matches('^b')", false],
  ["size('a\u{1f600}') == 2 && ['a', 'b'].size() == 2", true],
  ["['a', 'b'].all(x, x.size() == 1) ? !false : sql.has_where", true],
  ['-7 / 2 == -3 && -7 % 2 == -1', true],
];

for (const [source, value] of CONSTANT) {
  test(`warns that ${source} is always ${value}`, () => {
    const compiled = compileCondition(source, ['postgres']);
    assert.ok(compiled.ok, compiled.ok ? '' : compiled.problems[0]?.message);
    assert.equal(compiled.value.constant, value);
    assert.equal(compiled.value.warnings.at(-1)?.error.name, 'cel_constant');
  });
}

test('a fact of another protocol is an error, guarded where the rule covers several protocols it is fine', () => {
  const refusal = (source: string, protocols: readonly string[]) => {
    const compiled = compileCondition(source, protocols);
    return compiled.ok ? undefined : compiled.problems[0]?.error.name;
  };
  assert.equal(refusal("sql.kind == 'select'", ['ssh']), 'cel_fact_unavailable');
  assert.equal(refusal("has(sql.kind) && sql.kind == 'select'", ['ssh']), 'cel_fact_unavailable');
  assert.equal(refusal("sql.kind == 'select'", ['postgres', 'ssh']), 'cel_fact_unavailable');
  assert.equal(refusal("has(sql.kind) && sql.kind == 'select'", ['postgres', 'ssh']), undefined);
  assert.equal(refusal("sql.kind == 'select'", ['postgres', 'mysql']), undefined);
  assert.equal(refusal("principal.subject == 'a'", ['ssh']), undefined);
});
