import assert from 'node:assert/strict';
import { test } from 'node:test';
import { activate, parseTrust, readArchive, verifyBundle, type Algorithm, type Trust } from '@sluice/engine';
import { SluiceError } from '@sluice/schemas';
import { buildBundle } from './build-bundle.js';
import { NOW_MS, sampleParts } from './sample.test.support.js';
import { cosignBundle, signBundle } from './sign-bundle.js';
import { generateKey, readSigningKey, type KeyPair } from './signing-key.js';
import { writeArchive } from './write-archive.js';

const ann = generateKey('EdDSA');
const bob = generateKey('ES256');
const OPTIONS = { expiresSeconds: 3600, nowMs: NOW_MS };

async function trustIn(keys: readonly KeyPair[], threshold: number): Promise<Trust> {
  const listed = keys.map(({ kid, algorithm, publicJwk }) => ({ kid, algorithm, publicKey: publicJwk }));
  const spec = { audience: 'shop', issuer: 'https://ci.example', threshold, keys: listed };
  const trust = await parseTrust({ apiVersion: 'sluice/v1', kind: 'Trust', spec });
  assert.ok(trust.ok);
  return trust.value;
}

const trustBoth = await trustIn([ann, bob], 2);
const verify = (bytes: Uint8Array, trust: Trust) => verifyBundle(bytes, trust, { nowMs: NOW_MS });

for (const algorithm of ['EdDSA', 'ES256'] satisfies Algorithm[]) {
  test(`a bundle signed with ${algorithm} is accepted and decides its smoke requests`, async () => {
    const key = generateKey(algorithm);
    const bytes = await signBundle(buildBundle(sampleParts()), [key.privateJwk], OPTIONS);
    const verified = await verify(bytes, await trustIn([key], 1));
    assert.ok(verified.ok);
    assert.deepEqual(verified.value.signers, [key.kid]);
    assert.equal(verified.value.version, 3);
    assert.equal(verified.value.manifest.revision, 'abc123');
    assert.deepEqual(verified.value.rules, sampleParts().rules);
    const active = await activate(verified.value);
    assert.ok(active.ok);
  });
}

test('a smoke request that expects anything else keeps the bundle from being activated', async () => {
  const parts = sampleParts();
  const [smoke] = parts.smoke;
  assert.ok(smoke);
  for (const expect of [
    { ...smoke.expect, outcome: 'deny' as const },
    { ...smoke.expect, masks: {} },
  ]) {
    const bytes = await signBundle(
      buildBundle({ ...parts, smoke: [{ ...smoke, expect }] }),
      [ann.privateJwk],
      OPTIONS,
    );
    const verified = await verify(bytes, await trustIn([ann], 1));
    assert.ok(verified.ok);
    const active = await activate(verified.value);
    assert.ok(!active.ok);
    assert.equal(active.error.name, 'bundle_smoke_failed');
  }
});

test('signing with EdDSA twice gives the same bytes', async () => {
  const unsigned = buildBundle(sampleParts());
  const first = await signBundle(unsigned, [ann.privateJwk], OPTIONS);
  assert.equal(Buffer.compare(await signBundle(unsigned, [ann.privateJwk], OPTIONS), first), 0);
});

test('people with a key each sign one after the other', async () => {
  const once = await signBundle(buildBundle(sampleParts()), [ann.privateJwk], OPTIONS);
  const refused = await verify(once, trustBoth);
  assert.ok(!refused.ok);
  assert.equal(refused.error.name, 'bundle_untrusted');
  const twice = await cosignBundle(once, [bob.privateJwk]);
  const verified = await verify(twice, trustBoth);
  assert.ok(verified.ok);
  assert.deepEqual(verified.value.signers, [ann.kid, bob.kid].toSorted());
});

test('signing anew drops the signatures that were there', async () => {
  const old = await signBundle(buildBundle(sampleParts()), [ann.privateJwk], OPTIONS);
  const anew = await signBundle(old, [bob.privateJwk], { ...OPTIONS, nowMs: NOW_MS - 1000 });
  const verified = await verify(anew, await trustIn([bob], 1));
  assert.ok(verified.ok);
  assert.equal(verified.value.issuedMs, NOW_MS - 1000);
  assert.ok(!(await verify(anew, await trustIn([ann], 1))).ok);
});

test('nobody cosigns for entries that were changed', async () => {
  const signed = await signBundle(buildBundle(sampleParts()), [ann.privateJwk], OPTIONS);
  const entries = new Map(readArchive(signed));
  entries.set('smoke.json', new TextEncoder().encode('[]'));
  await assert.rejects(
    cosignBundle(writeArchive(entries), [bob.privateJwk]),
    refusedAs('bundle_hash_mismatch'),
  );
});

test('refuses to sign with no key, one key twice, or for no time', async () => {
  const unsigned = buildBundle(sampleParts());
  await assert.rejects(signBundle(unsigned, [], OPTIONS), refusedAs('signing_key_malformed'));
  const twice = [ann.privateJwk, { ...ann.privateJwk, kid: 'other' }];
  await assert.rejects(signBundle(unsigned, twice, OPTIONS), refusedAs('signing_key_malformed'));
  for (const expiresSeconds of [0, -5, 1.5, Infinity]) {
    const options = { ...OPTIONS, expiresSeconds };
    await assert.rejects(
      signBundle(unsigned, [ann.privateJwk], options),
      refusedAs('bundle_claims_malformed'),
    );
  }
});

test('refuses what is no private key, and never repeats the secret', () => {
  const { d: _, ...halfOnly } = ann.privateJwk;
  const broken: readonly unknown[] = [
    null,
    'key',
    {},
    halfOnly,
    { ...ann.privateJwk, alg: 'HS256' },
    { ...ann.privateJwk, alg: 'ES256' },
    { ...ann.privateJwk, kid: '' },
    { ...bob.privateJwk, d: 'AAAA' },
  ];
  for (const document of broken) {
    assert.throws(
      () => readSigningKey(document),
      (error) => refusedAs('signing_key_malformed')(error) && !String(error).includes(ann.privateJwk.d),
    );
  }
});

test('a generated key is named by its thumbprint and keeps its secret out of the public half', () => {
  for (const pair of [ann, bob]) {
    assert.equal(readSigningKey(pair.privateJwk).thumbprint, pair.kid);
    assert.ok(!('d' in pair.publicJwk));
  }
});

const refusedAs =
  (name: string) =>
  (error: unknown): boolean =>
    error instanceof SluiceError && error.definition.name === name;
