/** Bundles that come, change, break and vanish under a running enforcer. */
import assert from 'node:assert/strict';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import {
  BundleBench,
  bundleOf,
  HOUR_MS,
  MINUTE_MS,
  otherKey,
  outcome,
  seen,
  START_MS,
  until,
} from '../support/bundle-bench.js';
import { SELECT, signedAround, smallBundle, unsignedBundle } from '../support/bundles.js';

let bench: BundleBench;
beforeEach(async () => void (bench = await BundleBench.open()));
afterEach(() => bench.close());

test('without any bundle nothing decides, until one comes', async () => {
  const source = await bench.start();
  assert.equal(outcome(source), 'nothing decides');
  assert.equal(seen(source), 'ERROR 0 SLU3023');
  await bench.publish(await smallBundle(bundleOf()));
  await source.checkNow();
  assert.equal(outcome(source), 'allow');
  assert.equal(seen(source), 'LOADED 7');
  assert.deepEqual(bench.events, ['bundle.refused SLU3023', 'bundle.activated', 'bundle.state.loaded']);
});

test('a bundle that is renamed into place is taken up without being asked for', async () => {
  await bench.publish(await smallBundle(bundleOf()));
  const source = await bench.start();
  await bench.publish(await smallBundle(bundleOf({ version: 8, effect: 'deny' })));
  await until(() => source.status().version === 8);
  assert.equal(outcome(source), 'deny');
});

test('a bundle that is renamed into a watched directory is taken up', async () => {
  await writeFile(join(bench.dir, 'a.tar.gz'), await smallBundle(bundleOf()));
  const source = await bench.start({ source: bench.dir });
  assert.equal(seen(source), 'LOADED 7');
  await writeFile(join(bench.dir, 'part'), await smallBundle(bundleOf({ version: 8 })));
  await rename(join(bench.dir, 'part'), join(bench.dir, 'b.tar.gz'));
  await until(() => source.status().version === 8);
});

test('decisions go on through a swap: each is by the old bundle or by the new one, and none is lost', async () => {
  await bench.publish(await smallBundle(bundleOf()));
  const source = await bench.start();
  const old = source.current();
  assert.ok(old);
  const outcomes: string[] = [];
  const deciding = (async () => {
    for (let byNew = 0; byNew < 100 && outcomes.length < 1_000_000;) {
      const decided = outcome(source);
      outcomes.push(decided);
      if (decided === 'deny') byNew++;
      if (outcomes.length % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  await bench.publish(await smallBundle(bundleOf({ version: 8, effect: 'deny' })));
  await source.checkNow();
  await deciding;
  const turn = outcomes.indexOf('deny');
  assert.ok(turn > 0);
  assert.deepEqual(new Set(outcomes.slice(0, turn)), new Set(['allow']));
  assert.deepEqual(new Set(outcomes.slice(turn)), new Set(['deny']));
  // A request that began on the old generation finishes on it.
  assert.equal(old.policy.decide(SELECT).outcome, 'allow');
  assert.deepEqual([old.number, source.current()?.number], [1, 2]);
});

const IMPORTING = Uint8Array.of(
  0,
  0x61,
  0x73,
  0x6d,
  1,
  0,
  0,
  0,
  1,
  4,
  1,
  0x60,
  0,
  0,
  2,
  7,
  1,
  1,
  0x61,
  1,
  0x62,
  0,
  0,
);
const STARTING = Uint8Array.of(
  0,
  0x61,
  0x73,
  0x6d,
  1,
  0,
  0,
  0,
  1,
  4,
  1,
  0x60,
  0,
  0,
  3,
  2,
  1,
  0,
  8,
  1,
  0,
  10,
  4,
  1,
  2,
  0,
  0x0b,
);

const BAD: readonly (readonly [what: string, code: string, make: () => Uint8Array | Promise<Uint8Array>])[] =
  [
    ['an unsigned bundle', 'SLU3005', () => unsignedBundle(bundleOf({ version: 8 }))],
    [
      'a bundle signed by another key',
      'SLU3009',
      () => smallBundle(bundleOf({ version: 8, keys: [otherKey] })),
    ],
    [
      'a bundle for another audience',
      'SLU3011',
      () => smallBundle(bundleOf({ version: 8, audience: 'depot' })),
    ],
    [
      'an expired bundle',
      'SLU3013',
      () => smallBundle(bundleOf({ version: 8, nowMs: START_MS - HOUR_MS, expiresSeconds: 60 })),
    ],
    [
      'a bundle of tomorrow',
      'SLU3014',
      () => smallBundle(bundleOf({ version: 8, nowMs: START_MS + 24 * HOUR_MS })),
    ],
    ['an older bundle', 'SLU3015', () => smallBundle(bundleOf({ version: 6 }))],
    ['another bundle of the same version', 'SLU3016', () => smallBundle(bundleOf({ effect: 'deny' }))],
    [
      'a bundle whose smoke request is decided otherwise',
      'SLU3022',
      () => smallBundle(bundleOf({ version: 8, expects: 'deny' })),
    ],
    ['a module with an import', 'SLU3101', () => signedAround(IMPORTING, bundleOf({ version: 8 }))],
    ['a module with a start function', 'SLU3102', () => signedAround(STARTING, bundleOf({ version: 8 }))],
    ['a file that is no bundle', 'SLU3002', () => new TextEncoder().encode('hello')],
    ['an empty file', 'SLU3002', () => new Uint8Array(0)],
  ];

for (const [what, code, make] of BAD) {
  test(`${what} is refused, the last good one goes on deciding, and a better one is taken up`, async () => {
    await bench.publish(await smallBundle(bundleOf()));
    const source = await bench.start();
    bench.events = [];
    await bench.publish(await make());
    for (let look = 0; look < 3; look++) await source.checkNow();
    assert.equal(outcome(source), 'allow');
    assert.equal(seen(source), `STALE 7 ${code}`);
    assert.deepEqual(
      bench.events,
      [`bundle.refused ${code}`, `bundle.state.stale ${code}`],
      'told once, not at every look',
    );
    await bench.publish(await smallBundle(bundleOf({ version: 9, effect: 'deny' })));
    await source.checkNow();
    assert.equal(outcome(source), 'deny');
    assert.equal(seen(source), 'LOADED 9');
  });
}

test('putting the last good file back ends the alarm', async () => {
  const good = await smallBundle(bundleOf());
  await bench.publish(good);
  const source = await bench.start();
  await bench.publish(unsignedBundle(bundleOf({ version: 8 })));
  await source.checkNow();
  assert.equal(seen(source), 'STALE 7 SLU3005');
  await bench.publish(good);
  await source.checkNow();
  assert.equal(seen(source), 'LOADED 7');
  assert.equal(source.current()?.number, 1);
});

test('a half-written file is refused and taken up when it is whole', async () => {
  await bench.publish(await smallBundle(bundleOf()));
  const source = await bench.start();
  const next = await smallBundle(bundleOf({ version: 8 }));
  await writeFile(bench.file, next.subarray(0, next.length / 2));
  await source.checkNow();
  assert.equal(seen(source), 'STALE 7 SLU3002');
  await writeFile(bench.file, next.subarray(next.length / 2), { flag: 'a' });
  await until(() => source.status().version === 8);
  assert.equal(seen(source), 'LOADED 8');
});

test('the same content signed anew is taken up, so that a bundle can be kept from expiring', async () => {
  await bench.publish(await smallBundle(bundleOf()));
  const source = await bench.start();
  const { expiresMs } = source.status();
  bench.nowMs += HOUR_MS;
  await bench.publish(await smallBundle(bundleOf({ nowMs: bench.nowMs })));
  await source.checkNow();
  assert.equal(seen(source), 'LOADED 7');
  assert.equal(source.status().expiresMs, expiresMs + HOUR_MS);
});

test('an active bundle stops deciding when it expires', async () => {
  await bench.publish(await smallBundle(bundleOf({ expiresSeconds: 60 })));
  const source = await bench.start();
  bench.nowMs += 59_999;
  assert.equal(outcome(source), 'allow');
  bench.nowMs += 1;
  assert.equal(outcome(source), 'nothing decides');
  assert.equal(seen(source), 'ERROR 7 SLU3013');
});

test('a silent source makes the bundle stale, and at last closes', async () => {
  await bench.publish(await smallBundle(bundleOf({ expiresSeconds: 1_000_000 })));
  const source = await bench.start();
  await rm(bench.file);
  bench.nowMs += 10 * MINUTE_MS;
  await source.checkNow();
  assert.equal(seen(source), 'LOADED 7 SLU3023');
  bench.nowMs += 1;
  assert.equal(seen(source), 'STALE 7 SLU3026');
  assert.equal(outcome(source), 'allow');
  bench.nowMs = START_MS + 24 * HOUR_MS;
  assert.equal(outcome(source), 'allow');
  bench.nowMs += 1;
  assert.equal(outcome(source), 'nothing decides');
  assert.equal(seen(source), 'ERROR 7 SLU3027');
  await source.checkNow();
  assert.equal(outcome(source), 'nothing decides');
  await bench.publish(await smallBundle(bundleOf({ expiresSeconds: 1_000_000 })));
  await source.checkNow();
  assert.equal(outcome(source), 'allow');
  assert.equal(seen(source), 'LOADED 7');
});

test('a source that only offers bad bundles closes as well', async () => {
  await bench.publish(await smallBundle(bundleOf({ expiresSeconds: 1_000_000 })));
  const source = await bench.start();
  await bench.publish(unsignedBundle(bundleOf({ version: 8 })));
  bench.nowMs += 24 * HOUR_MS + 1;
  await source.checkNow();
  assert.equal(outcome(source), 'nothing decides');
  assert.equal(seen(source), 'ERROR 7 SLU3027');
});

test('looks that overlap are done one after the other', async () => {
  await bench.publish(await smallBundle(bundleOf()));
  const source = await bench.start();
  await bench.publish(await smallBundle(bundleOf({ version: 8 })));
  await Promise.all([source.checkNow(), source.checkNow(), source.checkNow()]);
  assert.equal(source.current()?.number, 2);
  assert.deepEqual(bench.events.filter((event) => event === 'bundle.activated').length, 2);
});
