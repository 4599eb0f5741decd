import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { covers } from './glob-cover.js';

test('a star stands for any run of characters, dots included', () => {
  assert.ok(covers('*', 'a.b'));
  assert.ok(covers('payroll.*', 'payroll.salaries.x'));
  assert.ok(covers('a*c', 'ac'));
  assert.ok(covers('*.salaries', 'payroll.salaries'));
  assert.ok(!covers('a*ba', 'aba'.slice(0, 2)));
  assert.ok(!covers('ab*ba', 'aba'), 'the ends may not overlap');
  assert.ok(!covers('payroll.*', 'payroll'));
  assert.ok(!covers('a.b', 'a.*'), 'a literal covers no pattern');
});

test('a pattern that covers another matches all that the other matches', () => {
  const pattern = fc
    .array(fc.constantFrom('a', 'b', '.', '*'), { maxLength: 6 })
    .map((parts) => parts.join(''));
  const text = fc.array(fc.constantFrom('a', 'b', '.'), { maxLength: 8 }).map((parts) => parts.join(''));
  const matches = (glob: string, name: string): boolean =>
    new RegExp(`^${glob.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(name);
  fc.assert(
    fc.property(pattern, pattern, text, (outer, inner, name) => {
      assert.equal(covers(outer, name), matches(outer, name));
      if (covers(outer, inner) && matches(inner, name))
        assert.ok(matches(outer, name), `${outer} ${inner} ${name}`);
    }),
    { numRuns: 5000 },
  );
});
