import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalOf } from './canonical-name.js';

test('folds names as PostgreSQL does', () => {
  assert.equal(canonicalOf('Public.Orders')?.text, 'public.orders');
  assert.equal(canonicalOf('public."Orders"')?.text, 'public."Orders"');
  assert.equal(
    canonicalOf('public."orders"')?.text,
    'public.orders',
    'quotes that are not needed are dropped',
  );
  assert.equal(canonicalOf('public."a ""b"""')?.text, 'public."a ""b"""');
  assert.equal(canonicalOf('public.order')?.text, 'public."order"', 'a keyword needs quotes');
  assert.equal(canonicalOf('public."a.b"')?.parts, 2, 'a dot inside quotes separates nothing');
});

test('leaves patterns as they are, folded', () => {
  assert.equal(canonicalOf('Payroll.*')?.text, 'payroll.*');
  assert.equal(canonicalOf('*.Secret_*')?.text, '*.secret_*');
});

test('refuses what is no dotted name', () => {
  for (const text of ['', '.', 'a.', '.a', 'a..b', '"a', 'a"b', 'a b', '""']) {
    assert.equal(canonicalOf(text), undefined, text);
  }
});
