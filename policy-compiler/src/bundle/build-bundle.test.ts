import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ENTRIES, readArchive, SIGNATURES_ENTRY } from '@sluice/engine';
import { SluiceError } from '@sluice/schemas';
import { buildBundle } from './build-bundle.js';
import { sampleParts } from './sample.test.support.js';
import { writeArchive } from './write-archive.js';

const sameBytes = (left: Uint8Array, right: Uint8Array): boolean => Buffer.compare(left, right) === 0;

test('the same parts give the same bytes', async () => {
  const first = buildBundle(sampleParts());
  // A second later, so that a time that slipped in would show.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  assert.ok(sameBytes(buildBundle(sampleParts()), first));
});

test('neither the order of connections and labels nor that of members matters', () => {
  const parts = sampleParts();
  const shuffled = {
    ...parts,
    connections: [
      { labels: {}, name: 'depot-db', protocol: 'postgres' },
      { labels: { area: 'eu', env: 'prod' }, protocol: 'postgres', name: 'shop-db' },
    ],
    rules: parts.rules.map(
      (rule) => Object.fromEntries(Object.entries(rule).toReversed()) as unknown as typeof rule,
    ),
  };
  assert.ok(sameBytes(buildBundle(shuffled), buildBundle(parts)));
});

test('another part gives other bytes', () => {
  const base = sampleParts();
  const changes = [
    { version: 4 },
    { revision: 'x' },
    { audience: 'x' },
    { issuer: 'x' },
    { smoke: [] },
    { connections: [] },
  ];
  for (const change of changes) {
    assert.ok(!sameBytes(buildBundle({ ...base, ...change }), buildBundle(base)), JSON.stringify(change));
  }
});

test('an unsigned bundle holds every entry but the signatures', () => {
  const names = [...readArchive(buildBundle(sampleParts())).keys()];
  assert.deepEqual(
    names,
    ENTRIES.filter((name) => name !== SIGNATURES_ENTRY),
  );
});

test('the file is an ordinary gzip of an ordinary tar', () => {
  const tar = gunzipSync(buildBundle(sampleParts()));
  assert.equal(tar.toString('latin1', 257, 265), 'ustar\x0000');
  assert.equal(tar.length % 512, 0);
  assert.equal(tar.toString('latin1', 0, 10), '.manifest\0');
});

test('refuses a version that cannot rise', () => {
  for (const version of [0, -1, 1.5, NaN, 2 ** 53]) {
    assert.throws(() => buildBundle({ ...sampleParts(), version }), refusedAs('bundle_claims_malformed'));
  }
});

test('refuses a module that no enforcer would accept', () => {
  const imports = Uint8Array.of(
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
  assert.throws(() => buildBundle({ ...sampleParts(), wasm: imports }), refusedAs('module_imports'));
});

test('refuses to write what no enforcer would read', () => {
  // Random enough not to shrink below the limit.
  const noise = new Uint8Array(33 * 1024 * 1024);
  let state = 1;
  for (let index = 0; index < noise.length; index++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    noise[index] = state >>> 24;
  }
  assert.throws(() => writeArchive(new Map([['policy.wasm', noise]])), refusedAs('bundle_too_large'));
});

const refusedAs =
  (name: string) =>
  (error: unknown): boolean =>
    error instanceof SluiceError && error.definition.name === name;
