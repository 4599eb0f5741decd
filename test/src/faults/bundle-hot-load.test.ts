/** Bundles that come, change, break and vanish under a running enforcer. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { createPolicySource, type BundlePolicySource, type PolicySourceOptions } from '@sluice/enforcer';
import {
  newKey,
  SELECT,
  signedAround,
  smallBundle,
  trustIn,
  unsignedBundle,
  type SmallBundle,
} from '../support/bundles.js';

const key = newKey();
const otherKey = newKey();
const trust = await trustIn([key]);

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const START_MS = 1_800_000_000_000;

let dir = '';
let nowMs = START_MS;
let events: string[] = [];
let running: BundlePolicySource[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-hot-load-'));
  nowMs = START_MS;
  events = [];
  running = [];
});
afterEach(async () => {
  for (const source of running) await source.stop();
  await rm(dir, { recursive: true });
});

async function started(change: Partial<PolicySourceOptions> = {}): Promise<BundlePolicySource> {
  const source = createPolicySource({
    source: join(dir, 'bundle.tar.gz'),
    trust,
    stateDir: join(dir, 'state'),
    // Looks are asked for; the timer only stands behind them.
    pollMs: HOUR_MS,
    staleAfterMs: 10 * MINUTE_MS,
    failClosedAfterMs: 24 * HOUR_MS,
    clock: { now: () => nowMs, monotonicUs: () => (nowMs - START_MS) * 1000 },
    log: { info: () => undefined, warn: () => undefined },
    onEvent: ({ operation, code }) => void events.push(`${operation} ${code}`.trim()),
    ...change,
  });
  running.push(source);
  await source.start();
  return source;
}

const bundleOf = (change: Partial<SmallBundle> = {}): SmallBundle => ({
  version: 7,
  effect: 'allow',
  keys: [key],
  nowMs: START_MS,
  ...change,
});

async function publish(bytes: Uint8Array): Promise<void> {
  await writeFile(join(dir, 'next'), bytes);
  await rename(join(dir, 'next'), join(dir, 'bundle.tar.gz'));
}

const outcome = (source: BundlePolicySource): string =>
  source.current()?.policy.decide(SELECT).outcome ?? 'nothing decides';

const seen = (source: BundlePolicySource): string => {
  const { state, code, version } = source.status();
  return `${state} ${version} ${code}`.trim();
};

async function until(reached: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + 10_000;
  while (!reached()) {
    assert.ok(Date.now() < deadlineMs, 'waited too long');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('without any bundle nothing decides, until one comes', async () => {
  const source = await started();
  assert.equal(outcome(source), 'nothing decides');
  assert.equal(seen(source), 'ERROR 0 SLU3023');
  await publish(await smallBundle(bundleOf()));
  await source.checkNow();
  assert.equal(outcome(source), 'allow');
  assert.equal(seen(source), 'LOADED 7');
  assert.deepEqual(events, ['bundle.refused SLU3023', 'bundle.activated', 'bundle.state.loaded']);
});

test('a bundle that is renamed into place is taken up without being asked for', async () => {
  await publish(await smallBundle(bundleOf()));
  const source = await started();
  await publish(await smallBundle(bundleOf({ version: 8, effect: 'deny' })));
  await until(() => source.status().version === 8);
  assert.equal(outcome(source), 'deny');
});

test('a bundle that is renamed into a watched directory is taken up', async () => {
  await writeFile(join(dir, 'a.tar.gz'), await smallBundle(bundleOf()));
  const source = await started({ source: dir });
  assert.equal(seen(source), 'LOADED 7');
  await writeFile(join(dir, 'part'), await smallBundle(bundleOf({ version: 8 })));
  await rename(join(dir, 'part'), join(dir, 'b.tar.gz'));
  await until(() => source.status().version === 8);
});

test('decisions go on through a swap: each is by the old bundle or by the new one, and none is lost', async () => {
  await publish(await smallBundle(bundleOf()));
  const source = await started();
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
  await publish(await smallBundle(bundleOf({ version: 8, effect: 'deny' })));
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
    await publish(await smallBundle(bundleOf()));
    const source = await started();
    events = [];
    await publish(await make());
    for (let look = 0; look < 3; look++) await source.checkNow();
    assert.equal(outcome(source), 'allow');
    assert.equal(seen(source), `STALE 7 ${code}`);
    assert.deepEqual(
      events,
      [`bundle.refused ${code}`, `bundle.state.stale ${code}`],
      'told once, not at every look',
    );
    await publish(await smallBundle(bundleOf({ version: 9, effect: 'deny' })));
    await source.checkNow();
    assert.equal(outcome(source), 'deny');
    assert.equal(seen(source), 'LOADED 9');
  });
}

test('putting the last good file back ends the alarm', async () => {
  const good = await smallBundle(bundleOf());
  await publish(good);
  const source = await started();
  await publish(unsignedBundle(bundleOf({ version: 8 })));
  await source.checkNow();
  assert.equal(seen(source), 'STALE 7 SLU3005');
  await publish(good);
  await source.checkNow();
  assert.equal(seen(source), 'LOADED 7');
  assert.equal(source.current()?.number, 1);
});

test('a half-written file is refused and taken up when it is whole', async () => {
  await publish(await smallBundle(bundleOf()));
  const source = await started();
  const next = await smallBundle(bundleOf({ version: 8 }));
  await writeFile(join(dir, 'bundle.tar.gz'), next.subarray(0, next.length / 2));
  await source.checkNow();
  assert.equal(seen(source), 'STALE 7 SLU3002');
  await writeFile(join(dir, 'bundle.tar.gz'), next.subarray(next.length / 2), { flag: 'a' });
  await until(() => source.status().version === 8);
  assert.equal(seen(source), 'LOADED 8');
});

test('the same content signed anew is taken up, so that a bundle can be kept from expiring', async () => {
  await publish(await smallBundle(bundleOf()));
  const source = await started();
  const { expiresMs } = source.status();
  nowMs += HOUR_MS;
  await publish(await smallBundle(bundleOf({ nowMs })));
  await source.checkNow();
  assert.equal(seen(source), 'LOADED 7');
  assert.equal(source.status().expiresMs, expiresMs + HOUR_MS);
});

test('an active bundle stops deciding when it expires', async () => {
  await publish(await smallBundle(bundleOf({ expiresSeconds: 60 })));
  const source = await started();
  nowMs += 59_999;
  assert.equal(outcome(source), 'allow');
  nowMs += 1;
  assert.equal(outcome(source), 'nothing decides');
  assert.equal(seen(source), 'ERROR 7 SLU3013');
});

test('a silent source makes the bundle stale, and at last closes', async () => {
  await publish(await smallBundle(bundleOf({ expiresSeconds: 1_000_000 })));
  const source = await started();
  await rm(join(dir, 'bundle.tar.gz'));
  nowMs += 10 * MINUTE_MS;
  await source.checkNow();
  assert.equal(seen(source), 'LOADED 7 SLU3023');
  nowMs += 1;
  assert.equal(seen(source), 'STALE 7 SLU3026');
  assert.equal(outcome(source), 'allow');
  nowMs = START_MS + 24 * HOUR_MS;
  assert.equal(outcome(source), 'allow');
  nowMs += 1;
  assert.equal(outcome(source), 'nothing decides');
  assert.equal(seen(source), 'ERROR 7 SLU3027');
  await source.checkNow();
  assert.equal(outcome(source), 'nothing decides');
  await publish(await smallBundle(bundleOf({ expiresSeconds: 1_000_000 })));
  await source.checkNow();
  assert.equal(outcome(source), 'allow');
  assert.equal(seen(source), 'LOADED 7');
});

test('a source that only offers bad bundles closes as well', async () => {
  await publish(await smallBundle(bundleOf({ expiresSeconds: 1_000_000 })));
  const source = await started();
  await publish(unsignedBundle(bundleOf({ version: 8 })));
  nowMs += 24 * HOUR_MS + 1;
  await source.checkNow();
  assert.equal(outcome(source), 'nothing decides');
  assert.equal(seen(source), 'ERROR 7 SLU3027');
});

async function stateFile(name: string): Promise<string> {
  const [channel = ''] = await readdir(join(dir, 'state'));
  return join(dir, 'state', channel, name);
}

/** Ends the enforcer that has taken up version 7, and takes its source away. */
async function restartedWithoutSource(
  change: () => Promise<void> = async () => {},
): Promise<BundlePolicySource> {
  await publish(await smallBundle(bundleOf({ expiresSeconds: 1_000_000 })));
  await (await started()).stop();
  await rm(join(dir, 'bundle.tar.gz'));
  events = [];
  await change();
  return started();
}

test('the last good bundle survives a restart without its source', async () => {
  const source = await restartedWithoutSource();
  assert.equal(outcome(source), 'allow');
  assert.equal(seen(source), 'LOADED 7 SLU3023');
  assert.equal(events[0], 'bundle.restored');
});

test('the last good bundle is verified again at a restart', async () => {
  const source = await restartedWithoutSource(async () => {
    const path = await stateFile('last-good.tar.gz');
    await writeFile(path, await smallBundle(bundleOf({ keys: [otherKey] })));
  });
  assert.equal(outcome(source), 'nothing decides');
  await source.checkNow();
  assert.deepEqual(
    events,
    ['bundle.refused SLU3009', 'bundle.refused SLU3023'],
    'told once, not at every look',
  );
});

test('a restart does not make an old confirmation young', async () => {
  const source = await restartedWithoutSource(async () => void (nowMs += 24 * HOUR_MS + 1));
  assert.equal(outcome(source), 'nothing decides');
  assert.equal(seen(source), 'ERROR 7 SLU3027');
});

test('an unknown confirmation counts from when the bundle was signed', async () => {
  const source = await restartedWithoutSource(async () => {
    await rm(await stateFile('confirmed.json'));
    nowMs += 24 * HOUR_MS + 1;
  });
  assert.equal(seen(source), 'ERROR 7 SLU3027');
});

test('an older bundle is refused after a restart, whether the cache was emptied or the record lost', async () => {
  for (const lost of ['last-good.tar.gz', 'highest-version.json']) {
    const source = await restartedWithoutSource(async () => rm(await stateFile(lost)));
    await publish(await smallBundle(bundleOf({ version: 6, effect: 'deny' })));
    await source.checkNow();
    assert.equal(source.status().code, 'SLU3015', `without ${lost}`);
    await source.stop();
    await rm(join(dir, 'state'), { recursive: true });
  }
});

test('a broken record of the highest version closes until it is mended', async () => {
  const source = await restartedWithoutSource(async () =>
    writeFile(await stateFile('highest-version.json'), '{'),
  );
  await publish(await smallBundle(bundleOf()));
  await source.checkNow();
  assert.equal(seen(source), 'ERROR 0 SLU3024');
  const digest = JSON.stringify({ version: 6, digest: 'ab'.repeat(32) });
  await writeFile(await stateFile('highest-version.json'), digest);
  await source.checkNow();
  assert.equal(seen(source), 'LOADED 7');
});

test('a bundle whose version cannot be written down does not decide', async () => {
  await publish(await smallBundle(bundleOf()));
  await writeFile(join(dir, 'state'), 'a file where the directory should be');
  const source = await started();
  assert.equal(outcome(source), 'nothing decides');
  assert.equal(seen(source), 'ERROR 0 SLU3024');
});

test('a bundle whose activation cannot be audited does not decide until it can', async () => {
  let audited = false;
  await publish(await smallBundle(bundleOf()));
  const onEvent = async (): Promise<void> => {
    if (!audited) throw new Error('disk full');
  };
  const source = await started({ onEvent });
  assert.equal(outcome(source), 'nothing decides');
  assert.equal(seen(source), 'ERROR 0 SLU3030');
  audited = true;
  await source.checkNow();
  assert.equal(outcome(source), 'allow');
});

test('the last good bundle that could not be audited at a restart is taken up once it can', async () => {
  let audited = false;
  await publish(await smallBundle(bundleOf({ expiresSeconds: 1_000_000 })));
  await (await started()).stop();
  await rm(join(dir, 'bundle.tar.gz'));
  const onEvent = async (): Promise<void> => {
    if (!audited) throw new Error('disk full');
  };
  const source = await started({ onEvent });
  assert.equal(outcome(source), 'nothing decides');
  audited = true;
  await source.checkNow();
  assert.equal(outcome(source), 'allow');
});

test('a killed write of the state leaves the old one whole', async () => {
  const source = await restartedWithoutSource(async () => {
    // What a crash between writing and renaming leaves behind.
    await writeFile(`${await stateFile('last-good.tar.gz')}.next`, 'half');
    await writeFile(`${await stateFile('highest-version.json')}.next`, '{"ver');
  });
  assert.equal(outcome(source), 'allow');
  const record = await readFile(await stateFile('highest-version.json'), 'utf8');
  assert.match(record, /^\{"version":7,"digest":"[0-9a-f]{64}"\}$/);
});

test('looks that overlap are done one after the other', async () => {
  await publish(await smallBundle(bundleOf()));
  const source = await started();
  await publish(await smallBundle(bundleOf({ version: 8 })));
  await Promise.all([source.checkNow(), source.checkNow(), source.checkNow()]);
  assert.equal(source.current()?.number, 2);
  assert.deepEqual(events.filter((event) => event === 'bundle.activated').length, 2);
});
