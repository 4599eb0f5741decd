import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readStartupParameters } from './startup-parameters.js';

const read = (parameters: Record<string, string>) =>
  readStartupParameters(new Map(Object.entries({ user: 'u', database: 'd', ...parameters })));

test('settings that drivers send are passed on by the names of the backend', () => {
  const outcome = read({
    client_encoding: 'UTF8',
    datestyle: 'ISO, MDY',
    extra_float_digits: '2',
    application_name: 'psql',
  });
  assert.ok(outcome.ok);
  assert.deepEqual(outcome.request.settings, {
    DateStyle: 'ISO, MDY',
    extra_float_digits: '2',
    application_name: 'psql',
  });
});

test('the intent comes from options, else from the application name', () => {
  const named = read({ application_name: 'nightly report' });
  assert.ok(named.ok);
  assert.equal(named.request.intent, 'nightly report');
  const said = read({
    application_name: 'x',
    options: String.raw`-c sluice.intent=refund\ of\ order\ 7 -c TimeZone=UTC`,
  });
  assert.ok(said.ok);
  assert.equal(said.request.intent, 'refund of order 7');
  assert.deepEqual(said.request.settings, { application_name: 'x', TimeZone: 'UTC' });
});

for (const [name, parameters] of [
  ['replication', { replication: 'database' }],
  ['a search path', { search_path: 'evil' }],
  ['a search path in options', { options: '-c search_path=evil' }],
  ['a search path in long options', { options: '--search-path=evil' }],
  ['a role', { options: '-crole=postgres' }],
  ['another encoding', { client_encoding: 'SQL_ASCII' }],
  ['backslashes in strings', { standard_conforming_strings: 'off' }],
  ['options that are not settings', { options: '-f h' }],
  ['an option without a value', { options: '-c' }],
  ['a value of another shape', { extra_float_digits: '2; DROP' }],
  ['a time zone with quotes', { TimeZone: "UTC'; SELECT" }],
] as const) {
  test(`refuses ${name}`, () => {
    assert.equal(read({ ...parameters }).ok, false);
  });
}
