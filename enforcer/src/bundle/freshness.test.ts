import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Freshness } from './freshness.js';

function clocks(): { nowMs: number; upMs: number; now(): number; monotonicUs(): number } {
  return {
    nowMs: 1_000_000,
    upMs: 50,
    now() {
      return this.nowMs;
    },
    monotonicUs() {
      return this.upMs * 1000;
    },
  };
}

test('ages with the time of day and with the time since the start, whichever went further', () => {
  const clock = clocks();
  const fresh = new Freshness(clock);
  fresh.confirm();
  clock.nowMs += 5_000;
  assert.equal(fresh.ageMs(), 5_000);
  clock.upMs += 9_000;
  assert.equal(fresh.ageMs(), 9_000);
  fresh.confirm();
  assert.equal(fresh.ageMs(), 0);
});

test('setting the clock back does not make a bundle fresh', () => {
  const clock = clocks();
  const fresh = new Freshness(clock);
  fresh.confirm();
  clock.upMs += 7_000;
  clock.nowMs -= 3_600_000;
  assert.equal(fresh.ageMs(), 7_000);
});

test('a confirmation of an earlier run keeps its age', () => {
  const clock = clocks();
  const fresh = new Freshness(clock);
  fresh.confirmAt(400_000);
  assert.equal(fresh.ageMs(), 600_000);
  clock.upMs += 1;
  assert.equal(fresh.ageMs(), 600_001);
});

test('a confirmation that lies in the future counts from now', () => {
  const clock = clocks();
  const fresh = new Freshness(clock);
  fresh.confirmAt(9_000_000);
  assert.equal(fresh.confirmedMs, clock.nowMs);
  clock.upMs += 1_000;
  assert.equal(fresh.ageMs(), 1_000);
});

test('what was never confirmed is as old as time', () => {
  const clock = clocks();
  assert.ok(new Freshness(clock).ageMs() >= clock.nowMs);
});
