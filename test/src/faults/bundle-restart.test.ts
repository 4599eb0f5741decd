/** What an enforcer believes of its bundles after a restart, and when its state or its audit log fails it. */
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { BundlePolicySource } from '@sluice/enforcer';
import { BundleBench, bundleOf, HOUR_MS, otherKey, outcome, seen } from '../support/bundle-bench.js';
import { smallBundle } from '../support/bundles.js';

let bench: BundleBench;
beforeEach(async () => void (bench = await BundleBench.open()));
afterEach(() => bench.close());

/** Ends the enforcer that has taken up version 7, and takes its source away. */
async function restartedWithoutSource(
  change: () => Promise<void> = async () => {},
): Promise<BundlePolicySource> {
  await bench.publish(await smallBundle(bundleOf({ expiresSeconds: 1_000_000 })));
  await (await bench.start()).stop();
  await rm(bench.file);
  bench.events = [];
  await change();
  return bench.start();
}

test('the last good bundle survives a restart without its source', async () => {
  const source = await restartedWithoutSource();
  assert.equal(outcome(source), 'allow');
  assert.equal(seen(source), 'LOADED 7 SLU3023');
  assert.equal(bench.events[0], 'bundle.restored');
});

test('the last good bundle is verified again at a restart', async () => {
  const source = await restartedWithoutSource(async () => {
    const path = await bench.stateFile('last-good.tar.gz');
    await writeFile(path, await smallBundle(bundleOf({ keys: [otherKey] })));
  });
  assert.equal(outcome(source), 'nothing decides');
  await source.checkNow();
  assert.deepEqual(
    bench.events,
    ['bundle.refused SLU3009', 'bundle.refused SLU3023'],
    'told once, not at every look',
  );
});

test('a restart does not make an old confirmation young', async () => {
  const source = await restartedWithoutSource(async () => void (bench.nowMs += 24 * HOUR_MS + 1));
  assert.equal(outcome(source), 'nothing decides');
  assert.equal(seen(source), 'ERROR 7 SLU3027');
});

test('an unknown confirmation counts from when the bundle was signed', async () => {
  const source = await restartedWithoutSource(async () => {
    await rm(await bench.stateFile('confirmed.json'));
    bench.nowMs += 24 * HOUR_MS + 1;
  });
  assert.equal(seen(source), 'ERROR 7 SLU3027');
});

test('an older bundle is refused after a restart, whether the cache was emptied or the record lost', async () => {
  for (const lost of ['last-good.tar.gz', 'highest-version.json']) {
    const source = await restartedWithoutSource(async () => rm(await bench.stateFile(lost)));
    await bench.publish(await smallBundle(bundleOf({ version: 6, effect: 'deny' })));
    await source.checkNow();
    assert.equal(source.status().code, 'SLU3015', `without ${lost}`);
    await source.stop();
    await rm(join(bench.dir, 'state'), { recursive: true });
  }
});

test('a broken record of the highest version closes until it is mended', async () => {
  const source = await restartedWithoutSource(async () =>
    writeFile(await bench.stateFile('highest-version.json'), '{'),
  );
  await bench.publish(await smallBundle(bundleOf()));
  await source.checkNow();
  assert.equal(seen(source), 'ERROR 0 SLU3024');
  const digest = JSON.stringify({ version: 6, digest: 'ab'.repeat(32) });
  await writeFile(await bench.stateFile('highest-version.json'), digest);
  await source.checkNow();
  assert.equal(seen(source), 'LOADED 7');
});

test('a bundle whose version cannot be written down does not decide', async () => {
  await bench.publish(await smallBundle(bundleOf()));
  await writeFile(join(bench.dir, 'state'), 'a file where the directory should be');
  const source = await bench.start();
  assert.equal(outcome(source), 'nothing decides');
  assert.equal(seen(source), 'ERROR 0 SLU3024');
});

test('a bundle whose activation cannot be audited does not decide until it can', async () => {
  let audited = false;
  await bench.publish(await smallBundle(bundleOf()));
  const onEvent = async (): Promise<void> => {
    if (!audited) throw new Error('disk full');
  };
  const source = await bench.start({ onEvent });
  assert.equal(outcome(source), 'nothing decides');
  assert.equal(seen(source), 'ERROR 0 SLU3030');
  audited = true;
  await source.checkNow();
  assert.equal(outcome(source), 'allow');
});

test('the last good bundle that could not be audited at a restart is taken up once it can', async () => {
  let audited = false;
  await bench.publish(await smallBundle(bundleOf({ expiresSeconds: 1_000_000 })));
  await (await bench.start()).stop();
  await rm(bench.file);
  const onEvent = async (): Promise<void> => {
    if (!audited) throw new Error('disk full');
  };
  const source = await bench.start({ onEvent });
  assert.equal(outcome(source), 'nothing decides');
  audited = true;
  await source.checkNow();
  assert.equal(outcome(source), 'allow');
});

test('a killed write of the state leaves the old one whole', async () => {
  const source = await restartedWithoutSource(async () => {
    // What a crash between writing and renaming leaves behind.
    await writeFile(`${await bench.stateFile('last-good.tar.gz')}.next`, 'half');
    await writeFile(`${await bench.stateFile('highest-version.json')}.next`, '{"ver');
  });
  assert.equal(outcome(source), 'allow');
  const record = await readFile(await bench.stateFile('highest-version.json'), 'utf8');
  assert.match(record, /^\{"version":7,"digest":"[0-9a-f]{64}"\}$/);
});
