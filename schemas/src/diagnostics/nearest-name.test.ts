import assert from 'node:assert/strict';
import { test } from 'node:test';
import { didYouMean, nearestName } from './nearest-name.js';

test('finds the name that was meant', () => {
  assert.equal(nearestName('resorces', ['rules', 'resources']), 'resources');
  assert.equal(nearestName('slect', ['select', 'delete']), 'select');
  assert.equal(nearestName('orders', ['payroll.salaries', 'public.orders']), 'public.orders');
  assert.equal(nearestName('shop-bd', ['shop-db']), 'shop-db', 'two swapped letters');
});

test('suggests nothing that is far off', () => {
  assert.equal(nearestName('payroll', ['orders', 'customers']), undefined);
  assert.equal(didYouMean('x', []), '');
});
