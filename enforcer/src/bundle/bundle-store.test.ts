import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { Trust } from '@sluice/engine';
import { SluiceError } from '@sluice/schemas';
import { BundleStore } from './bundle-store.js';

let dir = '';
beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), 'sluice-store-'))));
afterEach(() => rm(dir, { recursive: true }));

const trust = (audience: string): Trust =>
  ({ audience, issuer: 'https://ci.example', threshold: 1, keys: [] }) as unknown as Trust;
const open = (audience = 'shop'): BundleStore => new BundleStore(dir, trust(audience));
const DIGEST = 'ab'.repeat(32);

const refusedAs =
  (name: string) =>
  (error: unknown): boolean =>
    error instanceof SluiceError && error.definition.name === name;

async function channelDir(): Promise<string> {
  const [name = ''] = await readdir(dir);
  return join(dir, name);
}

test('knows nothing at first', async () => {
  const store = open();
  assert.deepEqual(
    [await store.readHighest(), await store.readLastGood(), await store.readConfirmedMs()],
    [undefined, undefined, undefined],
  );
});

test('remembers over a restart, each channel for itself', async () => {
  const store = open();
  await store.writeHighest({ version: 7, digest: DIGEST });
  await store.writeLastGood(Uint8Array.of(1, 2, 3));
  await store.writeConfirmedMs(5);
  const again = open();
  assert.deepEqual(await again.readHighest(), { version: 7, digest: DIGEST });
  assert.deepEqual([...((await again.readLastGood()) ?? [])], [1, 2, 3]);
  assert.equal(await again.readConfirmedMs(), 5);
  assert.equal(await open('other').readHighest(), undefined);
});

test('is readable by nobody else and leaves nothing half-written behind', async () => {
  await open().writeLastGood(Uint8Array.of(1));
  const channel = await channelDir();
  assert.equal((await stat(channel)).mode & 0o777, 0o700);
  assert.equal((await stat(join(channel, 'last-good.tar.gz'))).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(channel), ['last-good.tar.gz']);
});

test('does not forget a record that is removed while it runs', async () => {
  const store = open();
  await store.writeHighest({ version: 7, digest: DIGEST });
  await rm(join(await channelDir(), 'highest-version.json'));
  assert.deepEqual(await store.readHighest(), { version: 7, digest: DIGEST });
});

test('refuses a record of the highest version that it cannot read, rather than begin anew', async () => {
  await open().writeHighest({ version: 7, digest: DIGEST });
  const path = join(await channelDir(), 'highest-version.json');
  for (const content of [
    '',
    '{',
    'null',
    '[]',
    '{"version":"7","digest":"x"}',
    `{"version":7}`,
    `{"version":1.5,"digest":"${DIGEST}"}`,
  ]) {
    await writeFile(path, content);
    await assert.rejects(open().readHighest(), refusedAs('bundle_state_unreadable'), content);
  }
});

test('says so when it cannot write', async () => {
  const file = join(dir, 'file');
  await writeFile(file, '');
  await chmod(file, 0o600);
  const store = new BundleStore(file, trust('shop'));
  await assert.rejects(
    store.writeHighest({ version: 1, digest: DIGEST }),
    refusedAs('bundle_state_unwritable'),
  );
});
