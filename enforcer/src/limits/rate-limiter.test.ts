import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createLimiter } from './rate-limiter.js';

function bench(keysLimit?: number) {
  const clock = { us: 0, now: () => 0, monotonicUs: () => clock.us };
  return { clock, limiter: createLimiter(clock, keysLimit) };
}

test('gives a burst of the whole count, then says exactly how long to wait', () => {
  const { clock, limiter } = bench();
  const rate = { count: 3, windowSeconds: 60 };
  for (let i = 0; i < 3; i++) assert.deepEqual(limiter.take('k', rate), { ok: true });
  const refused = limiter.take('k', rate);
  assert.deepEqual(refused, { ok: false, retryAfterMs: 20_000 });
  clock.us += 19_999_000;
  assert.equal(limiter.take('k', rate).ok, false);
  clock.us += 1_000;
  assert.equal(limiter.take('k', rate).ok, true);
  assert.equal(limiter.take('k', rate).ok, false);
});

test('a refused request costs nothing, and keys do not share', () => {
  const { clock, limiter } = bench();
  const rate = { count: 1, windowSeconds: 1 };
  assert.equal(limiter.take('a', rate).ok, true);
  for (let i = 0; i < 10; i++) assert.equal(limiter.take('a', rate).ok, false);
  assert.equal(limiter.take('b', rate).ok, true);
  clock.us += 1_000_000;
  assert.equal(limiter.take('a', rate).ok, true);
});

test('never gives more than a burst and the rate since, whatever the timing', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 120 }),
      fc.array(fc.integer({ min: 0, max: 3_000_000 }), { maxLength: 200 }),
      (count, windowSeconds, gaps) => {
        const { clock, limiter } = bench();
        let given = 0;
        for (const gap of gaps) {
          clock.us += gap;
          if (limiter.take('k', { count, windowSeconds }).ok) given++;
          assert.ok(given <= count + (clock.us * count) / (windowSeconds * 1e6) + 1e-3);
        }
      },
    ),
  );
});

test('when the table is full, budgets in use stay and full ones make room', () => {
  const { clock, limiter } = bench(2);
  const rate = { count: 1, windowSeconds: 10 };
  assert.equal(limiter.take('a', rate).ok, true);
  assert.equal(limiter.take('b', rate).ok, true);
  assert.equal(limiter.take('c', rate).ok, false);
  assert.equal(limiter.take('a', rate).ok, false, 'still used up');
  clock.us += 10_000_000;
  assert.equal(limiter.take('c', rate).ok, true);
});
