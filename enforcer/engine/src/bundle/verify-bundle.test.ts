import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BUNDLE_ERRORS } from '@sluice/schemas';
import {
  ed25519,
  forge,
  goodEntries,
  hmac,
  NOW_MS,
  p256,
  trustIn,
  utf8,
  type Forgery,
  type NamedEntry,
  type Signer,
} from './forge.test.support.js';
import { verifyBundle, type HighestVersion } from './verify-bundle.js';

const ann = ed25519('ann');
const bob = p256('bob');
const mallory = ed25519('ann');
const trust = await trustIn([ann, bob]);
const trustBoth = await trustIn([ann, bob], 2);

async function verdict(
  bytes: Uint8Array,
  threshold: 1 | 2 = 1,
  highestVersion?: HighestVersion,
): Promise<string> {
  const context = { nowMs: NOW_MS, highestVersion };
  const verified = await verifyBundle(bytes, threshold === 1 ? trust : trustBoth, context);
  return verified.ok ? 'accepted' : verified.error.name;
}

test('accepts a bundle signed with EdDSA or ES256 and gives what was signed', async () => {
  for (const signer of [ann, bob]) {
    const verified = await verifyBundle(forge([signer]), trust, { nowMs: NOW_MS });
    assert.ok(verified.ok);
    const { version, expiresMs, signers, wasm, plan, rules, smoke, manifest, digest } = verified.value;
    assert.deepEqual([version, expiresMs, signers], [7, NOW_MS + 3_600_000, [signer.kid]]);
    assert.equal(Buffer.from(wasm).toString(), '\0asm');
    assert.equal(Buffer.from(plan).toString(), 'plan');
    assert.equal(rules[0]?.id, 'support/read');
    assert.equal(smoke[0]?.request.facts['sql.limit'], 9007199254740993n);
    assert.equal(manifest.audience, 'shop');
    assert.match(digest, /^[0-9a-f]{64}$/);
  }
});

test('the digest of the content does not depend on signer or signature', async () => {
  const digests = new Set<string>();
  for (const signers of [[ann], [bob], [ann, bob]]) {
    const verified = await verifyBundle(forge(signers), trust, { nowMs: NOW_MS });
    assert.ok(verified.ok);
    digests.add(verified.value.contentDigest);
  }
  assert.equal(digests.size, 1);
});

type Change = (entries: NamedEntry[]) => readonly NamedEntry[];
type Refused = keyof typeof BUNDLE_ERRORS;

const claim = (change: Record<string, unknown>): Forgery => ({
  claims: (claims) => ({ ...claims, ...change }),
});
const without = (name: string): Forgery => ({
  claims: (claims) => Object.fromEntries(Object.entries(claims).filter(([member]) => member !== name)),
});
const header = (change: Record<string, unknown>): Forgery => ({
  header: (text) => JSON.stringify({ ...(JSON.parse(text) as object), ...change }),
});
const replaced =
  (name: string, content: string): Change =>
  (entries: NamedEntry[]) =>
    entries.map((entry): NamedEntry => (entry[0] === name ? [name, utf8(content)] : entry));
const dropped = (name: string) => (entries: NamedEntry[]) => entries.filter((entry) => entry[0] !== name);
const rawPublicKey = Buffer.from(ann.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
const pem = utf8(ann.publicKey.export({ type: 'spki', format: 'pem' }).toString());

const CASES: readonly (readonly [what: string, forgery: Forgery, expected: Refused])[] = [
  ['no signatures', { signed: dropped('.signatures.json') }, 'bundle_unsigned'],
  [
    'an empty list of signatures',
    { envelope: ({ payload }) => ({ payload, signatures: [] }) },
    'bundle_unsigned',
  ],
  ['signatures that are no JSON', { envelopeText: () => '{' }, 'bundle_signature_malformed'],
  ['spaces in the signatures', { envelopeText: (text) => `${text}\n` }, 'bundle_signature_malformed'],
  [
    'the payload twice',
    { envelopeText: (text) => text.replace('{', '{"payload":"e30",') },
    'bundle_signature_malformed',
  ],
  [
    'a compact signature',
    { envelope: ({ payload, signatures: [first] }) => `${first?.protected}.${payload}.${first?.signature}` },
    'bundle_signature_malformed',
  ],
  [
    'a payload that is not base64url',
    { envelope: (envelope) => ({ ...envelope, payload: `${envelope.payload}=` }) },
    'bundle_signature_malformed',
  ],
  [
    'an unprotected header',
    {
      envelope: ({ payload, signatures }) => ({
        payload,
        signatures: signatures.map((one) => ({ ...one, header: { kid: 'ann' } })),
      }),
    },
    'bundle_signature_malformed',
  ],
  [
    '17 signatures',
    { envelope: ({ payload, signatures }) => ({ payload, signatures: Array(17).fill(signatures[0]) }) },
    'bundle_signature_malformed',
  ],
  [
    'another payload under the signature',
    { envelope: (envelope) => ({ ...envelope, payload: 'e30' }) },
    'bundle_untrusted',
  ],
  [
    'the algorithm `none`',
    { ...header({ alg: 'none' }), signature: () => utf8('x') },
    'bundle_algorithm_refused',
  ],
  [
    'HS256 with the bytes of the public key',
    { ...header({ alg: 'HS256' }), signature: (_, input) => hmac(rawPublicKey, input) },
    'bundle_algorithm_refused',
  ],
  [
    'HS256 with the text of the public key',
    { ...header({ alg: 'HS256' }), signature: (_, input) => hmac(pem, input) },
    'bundle_algorithm_refused',
  ],
  [
    'an HMAC that claims to be EdDSA',
    { signature: (_, input) => hmac(rawPublicKey, input) },
    'bundle_untrusted',
  ],
  ['ES256 for a key of EdDSA', header({ alg: 'ES256' }), 'bundle_untrusted'],
  ['RS256', header({ alg: 'RS256' }), 'bundle_algorithm_refused'],
  ['an algorithm that is no text', header({ alg: ['EdDSA'] }), 'bundle_algorithm_refused'],
  ['no algorithm', { header: () => '{"kid":"ann"}' }, 'bundle_header_refused'],
  ['an unknown critical extension', header({ crit: ['exp'] }), 'bundle_header_refused'],
  ['a payload that is signed unencoded', header({ b64: false, crit: ['b64'] }), 'bundle_header_refused'],
  ['`b64: false` that is not critical', header({ b64: false }), 'bundle_header_refused'],
  [
    'a key of its own in the header',
    header({ jwk: mallory.publicKey.export({ format: 'jwk' }) }),
    'bundle_header_refused',
  ],
  [
    'a duplicate member in the header',
    { header: (text) => text.replace('{', '{"alg":"none",') },
    'bundle_signature_malformed',
  ],
  [
    'a duplicate `crit` in the header',
    { header: (text) => text.replace('{', '{"crit":["exp"],"crit":[],') },
    'bundle_signature_malformed',
  ],
  [
    'a broken signature',
    { signature: (signature) => signature.map((byte, index) => (index === 0 ? byte ^ 1 : byte)) },
    'bundle_untrusted',
  ],
  ['no expiry', without('exp'), 'bundle_claims_malformed'],
  ['no audience', without('aud'), 'bundle_claims_malformed'],
  ['no version', without('version'), 'bundle_claims_malformed'],
  ['a claim too many', claim({ nbf: 0 }), 'bundle_claims_malformed'],
  ['a duplicate claim', { payload: (text) => text.replace('{', '{"version":9,') }, 'bundle_claims_malformed'],
  ['an expiry as text', claim({ exp: '2000000000' }), 'bundle_claims_malformed'],
  ['an expiry without end', claim({ exp: 1e300 }), 'bundle_claims_malformed'],
  [
    'an expiry before the signing',
    claim({ exp: NOW_MS / 1000 - 1, iat: NOW_MS / 1000 }),
    'bundle_claims_malformed',
  ],
  ['version 0', claim({ version: 0 }), 'bundle_claims_malformed'],
  ['a version that is no whole number', claim({ version: 7.5 }), 'bundle_claims_malformed'],
  ['a list of audiences', claim({ aud: ['shop', 'other'] }), 'bundle_claims_malformed'],
  ['an expiry in the past', claim({ iat: 1, exp: NOW_MS / 1000 }), 'bundle_expired'],
  ['a signing in the future', claim({ iat: NOW_MS / 1000 + 61 }), 'bundle_not_yet_valid'],
  ['another audience', claim({ aud: 'shop2' }), 'bundle_wrong_audience'],
  ['another issuer', claim({ iss: 'https://ci.example/' }), 'bundle_wrong_issuer'],
  [
    'an entry that was not signed',
    { claims: (claims) => ({ ...claims, files: (claims.files as unknown[]).slice(0, 4) }) },
    'bundle_files_mismatch',
  ],
  ['an entry that is missing', { signed: dropped('smoke.json') }, 'bundle_files_mismatch'],
  [
    'an entry that neither was signed nor is there',
    { entries: dropped('smoke.json') },
    'bundle_entry_missing',
  ],
  [
    'signed names in another order',
    { claims: (claims) => ({ ...claims, files: (claims.files as unknown[]).toReversed() }) },
    'bundle_files_mismatch',
  ],
  [
    'a hash of another algorithm',
    { payload: (text) => text.replace('SHA-256', 'MD5') },
    'bundle_claims_malformed',
  ],
  ['an extra entry', { signed: (entries) => [...entries, ['more', utf8('')]] }, 'bundle_entry_refused'],
  [
    'a renamed entry',
    { signed: (entries) => entries.map(([name, content]) => [name.replace('plan', 'plam'), content]) },
    'bundle_entry_refused',
  ],
  [
    'two entries with their contents exchanged',
    { signed: (entries) => exchanged(entries) },
    'bundle_hash_mismatch',
  ],
  [
    'another version in the manifest',
    { entries: manifestWith({ version: '8' }) },
    'bundle_manifest_mismatch',
  ],
  [
    'another audience in the manifest',
    { entries: manifestWith({ audience: 'other' }) },
    'bundle_manifest_mismatch',
  ],
  [
    'another issuer in the manifest',
    { entries: manifestWith({ issuer: 'other' }) },
    'bundle_manifest_mismatch',
  ],
  [
    'another number of rules in the manifest',
    { entries: manifestWith({ rules: 2 }) },
    'bundle_manifest_mismatch',
  ],
  ['a manifest with an unknown field', { entries: manifestWith({ more: 2 }) }, 'bundle_content_malformed'],
  ['rules that are no list', { entries: replaced('rules.json', '{}') }, 'bundle_content_malformed'],
  [
    'a rule with an unknown effect',
    { entries: replaced('rules.json', ruleWith({ effect: 'permit' })) },
    'bundle_content_malformed',
  ],
  [
    'a rule with an unknown member',
    { entries: replaced('rules.json', ruleWith({ more: 1 })) },
    'bundle_content_malformed',
  ],
  ['smoke requests that are no JSON', { entries: replaced('smoke.json', '[') }, 'bundle_content_malformed'],
  [
    'a smoke request with a number for a fact',
    { entries: replaced('smoke.json', smokeWith('"int":"9007199254740993"', '"int":5')) },
    'bundle_content_malformed',
  ],
  [
    'a smoke request with an unknown outcome',
    { entries: replaced('smoke.json', smokeWith('"allow"', '"maybe"')) },
    'bundle_content_malformed',
  ],
];

function exchanged(entries: readonly NamedEntry[]): readonly NamedEntry[] {
  const content = new Map(entries);
  const other: Readonly<Record<string, string>> = { 'plan.bin': 'policy.wasm', 'policy.wasm': 'plan.bin' };
  return entries.map(([name]): NamedEntry => [name, content.get(other[name] ?? name) ?? utf8('')]);
}

function textOf(name: string): string {
  return Buffer.from(new Map(goodEntries()).get(name) ?? utf8('')).toString();
}

function manifestWith(change: Record<string, unknown>): Change {
  return replaced('.manifest', JSON.stringify({ ...(JSON.parse(textOf('.manifest')) as object), ...change }));
}

function ruleWith(change: Record<string, unknown>): string {
  const [rule] = JSON.parse(textOf('rules.json')) as object[];
  return JSON.stringify([{ ...rule, ...change }]);
}

function smokeWith(before: string, after: string): string {
  const text = textOf('smoke.json');
  assert.ok(text.includes(before));
  return text.replace(before, after);
}

for (const [what, forgery, expected] of CASES) {
  test(`refuses a bundle with ${what}`, async () =>
    assert.equal(await verdict(forge([ann], forgery)), expected));
}

test('refuses a bundle signed by a key that is not trusted, under the name of one that is', async () => {
  assert.equal(await verdict(forge([mallory])), 'bundle_untrusted');
});

test('a `kid` is a hint only', async () => {
  assert.equal(await verdict(forge([ann], header({ kid: 'bob' }))), 'accepted');
  assert.equal(await verdict(forge([bob], { header: () => '{"alg":"ES256"}' })), 'accepted');
});

test('a threshold counts different trusted keys', async () => {
  const cases: readonly (readonly [Signer[], string])[] = [
    [[ann, bob], 'accepted'],
    [[bob, mallory, ann], 'accepted'],
    [[ann], 'bundle_untrusted'],
    [[ann, ann], 'bundle_untrusted'],
    [[ann, { ...ann, kid: 'bob' }], 'bundle_untrusted'],
    [[bob, bob], 'bundle_untrusted'],
    [[ann, mallory], 'bundle_untrusted'],
  ];
  for (const [signers, expected] of cases) {
    assert.equal(await verdict(forge(signers), 2), expected, signers.map(({ kid }) => kid).join());
  }
});

test('a clock a little behind that of the signer is accepted, an expired bundle is not', async () => {
  assert.equal(await verdict(forge([ann], claim({ iat: NOW_MS / 1000 + 60 }))), 'accepted');
  assert.equal(await verdict(forge([ann], claim({ exp: NOW_MS / 1000 + 1 }))), 'accepted');
});

test('a version may stay or rise, never fall, and never stand for other content', async () => {
  const verified = await verifyBundle(forge([ann]), trust, { nowMs: NOW_MS });
  assert.ok(verified.ok);
  const { contentDigest } = verified.value;
  assert.equal(await verdict(forge([ann]), 1, { version: 6, digest: 'other' }), 'accepted');
  assert.equal(await verdict(forge([bob]), 1, { version: 7, digest: contentDigest }), 'accepted');
  assert.equal(await verdict(forge([ann]), 1, { version: 8, digest: contentDigest }), 'bundle_rolled_back');
  assert.equal(await verdict(forge([ann]), 1, { version: 7, digest: 'other' }), 'bundle_version_reused');
});

test('refuses a changed byte anywhere in any entry', async () => {
  for (const [name, content] of goodEntries()) {
    for (let offset = 0; offset < content.length; offset += Math.max(1, Math.floor(content.length / 8))) {
      const tampered = content.map((byte, index) => (index === offset ? byte ^ 1 : byte));
      const signed = (entries: NamedEntry[]): readonly NamedEntry[] =>
        entries.map((entry): NamedEntry => (entry[0] === name ? [name, tampered] : entry));
      assert.equal(await verdict(forge([ann], { signed })), 'bundle_hash_mismatch', `${name} at ${offset}`);
    }
  }
});

test('a changed byte anywhere in the file is refused, or unpacks to the very bytes that were signed', async () => {
  const good = forge([ann]);
  const original = await verifyBundle(good, trust, { nowMs: NOW_MS });
  assert.ok(original.ok);
  let refused = 0;
  for (let offset = 0; offset < good.length; offset++) {
    const tampered = good.map((byte, index) => (index === offset ? byte ^ 0x40 : byte));
    const verified = await verifyBundle(tampered, trust, { nowMs: NOW_MS });
    if (verified.ok) assert.equal(verified.value.contentDigest, original.value.contentDigest, `at ${offset}`);
    else refused++;
  }
  // One content can be compressed in several ways, but hardly so by one changed byte.
  assert.ok(refused > good.length * 0.95, `${refused} of ${good.length}`);
});

test('reads a bundle that is a view into a larger buffer', async () => {
  const good = forge([ann]);
  const larger = new Uint8Array(good.length + 100).fill(1);
  larger.set(good, 50);
  assert.equal(await verdict(larger.subarray(50, 50 + good.length)), 'accepted');
});
