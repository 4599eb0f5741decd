import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mapReportPosition, scrubReport } from './scrub-report.js';

const fields = (more: Record<string, string>): Map<string, string> =>
  new Map(Object.entries({ S: 'ERROR', V: 'ERROR', C: '22P02', M: 'value 917-53-4201', ...more }));

test('nothing that may quote data is left, whatever its field', () => {
  const secret = '917-53-4201';
  const letters = Array.from('MDHWqpFL');
  const scrubbed = scrubReport(fields(Object.fromEntries(letters.map((letter) => [letter, secret]))));
  assert.equal(
    [...scrubbed.values()].some((value) => value.includes(secret)),
    false,
  );
  assert.equal(scrubbed.get('C'), '22P02');
});

test('an error of names is said only where it comes from analysing the statement', () => {
  const named = { C: '42703', M: 'column "x" does not exist' };
  assert.equal(scrubReport(fields({ ...named, P: '8' })).get('M'), named.M);
  assert.notEqual(scrubReport(fields(named)).get('M'), named.M);
  // A function of a user that runs SQL reports the position inside that SQL.
  assert.notEqual(scrubReport(fields({ ...named, P: '8', W: 'PL/pgSQL function' })).get('M'), named.M);
});

test('errors about the session keep their message', () => {
  for (const code of ['25P02', '40001', '57014', '26000', '55P03']) {
    assert.equal(scrubReport(fields({ C: code, M: 'about the session' })).get('M'), 'about the session');
  }
  for (const code of ['22012', '23505', 'P0001', 'XX000', '42P01', '']) {
    assert.notEqual(scrubReport(fields({ C: code, M: 'about data' })).get('M'), 'about data');
  }
});

test('a position is mapped back, or dropped when it is in what was put in', () => {
  const at = fields({ P: '40' });
  assert.equal(mapReportPosition(at, () => 8).get('P'), '8');
  assert.equal(mapReportPosition(at, () => undefined).has('P'), false);
});
