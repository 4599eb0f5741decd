import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ed25519, p256, trustDocument } from './forge.test.support.js';
import { parseTrust } from './trust.js';

const ann = ed25519('ann');
const bob = p256('bob');

type Change = (spec: Record<string, unknown>, keys: Record<string, unknown>[]) => void;

async function refusedWhen(change: Change): Promise<string> {
  const document = structuredClone(trustDocument([ann, bob]));
  const spec = document.spec as Record<string, unknown>;
  change(spec, spec.keys as Record<string, unknown>[]);
  const trust = await parseTrust(document);
  return trust.ok ? 'accepted' : `${trust.error.code} ${trust.message}`;
}

test('reads keys of both algorithms, threshold, audience and issuer', async () => {
  const trust = await parseTrust({ ...trustDocument([ann, bob], 2), metadata: { name: 'shop' } });
  assert.ok(trust.ok);
  const { keys, threshold, audience, issuer } = trust.value;
  assert.deepEqual([threshold, audience, issuer], [2, 'shop', 'https://ci.example']);
  assert.deepEqual(
    keys.map(({ kid, algorithm }) => [kid, algorithm]),
    [
      ['ann', 'EdDSA'],
      ['bob', 'ES256'],
    ],
  );
});

test('refuses what is no trust document', async () => {
  for (const document of [undefined, null, 'Trust', [], {}, { ...trustDocument([ann]), kind: 'Policy' }]) {
    const trust = await parseTrust(document);
    assert.ok(!trust.ok);
    assert.equal(trust.error.code, 'SLU3028');
  }
});

const CASES: readonly (readonly [what: string, change: Change, expected: RegExp])[] = [
  ['an unknown member', (spec) => (spec.extra = 1), /exactly `audience`/],
  ['no audience', (spec) => delete spec.audience, /exactly `audience`/],
  ['an empty issuer', (spec) => (spec.issuer = ''), /not empty/],
  ['a threshold of 0', (spec) => (spec.threshold = 0), /from 1 to 2/],
  ['a threshold above the number of keys', (spec) => (spec.threshold = 3), /from 1 to 2/],
  ['a threshold that is no whole number', (spec) => (spec.threshold = 1.5), /from 1 to 2/],
  ['no keys', (spec) => (spec.keys = []), /1 to 16/],
  ['17 keys', (spec, keys) => (spec.keys = Array<unknown>(17).fill(keys[0])), /1 to 16/],
  ['one `kid` twice', (_, keys) => Object.assign(keys[1] ?? {}, { kid: 'ann' }), /keys 1 and 2/],
  ['one key under two names', (_, keys) => (keys[1] = { ...keys[0], kid: 'carl' }), /keys 1 and 2/],
  ['one key in two spellings', (_, keys) => (keys[1] = respelled(keys[0] ?? {})), /keys 1 and 2|no point/],
  ['HS256', (_, keys) => Object.assign(keys[0] ?? {}, { algorithm: 'HS256' }), /`EdDSA` or `ES256`/],
  [
    'an algorithm named like a member of every object',
    (_, keys) => Object.assign(keys[0] ?? {}, { algorithm: 'constructor' }),
    /`EdDSA` or/,
  ],
  [
    'an algorithm of another kind of key',
    (_, keys) => Object.assign(keys[0] ?? {}, { algorithm: 'ES256' }),
    /kty: EC/,
  ],
  [
    'a private key',
    (_, keys) => Object.assign(keys[0] ?? {}, { publicKey: ann.privateKey.export({ format: 'jwk' }) }),
    /private key/,
  ],
  [
    'a key that says it is for another algorithm',
    (_, keys) => saying(keys, { alg: 'ES256' }),
    /another algorithm/,
  ],
  [
    'a key that says it is for encryption',
    (_, keys) => saying(keys, { use: 'enc' }),
    /another algorithm or use/,
  ],
  [
    'a point that is not on the curve',
    (_, keys) =>
      Object.assign(keys[1] ?? {}, { publicKey: { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA' } }),
    /no point/,
  ],
  [
    'a symmetric key',
    (_, keys) => Object.assign(keys[0] ?? {}, { publicKey: { kty: 'oct', k: 'AAAA' } }),
    /kty: OKP/,
  ],
];

function saying(keys: Record<string, unknown>[], more: object): void {
  Object.assign(keys[0]?.publicKey ?? {}, more);
}

/** Base64url of 32 bytes leaves two bits of the last character unused. */
function respelled(key: Record<string, unknown>): Record<string, unknown> {
  const publicKey = { ...(key.publicKey as Record<string, string>) };
  const x = publicKey.x ?? '';
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet[alphabet.indexOf(x.at(-1) ?? '') + 1] ?? '';
  return { ...key, kid: 'carl', publicKey: { ...publicKey, x: x.slice(0, -1) + last } };
}

for (const [what, change, expected] of CASES) {
  test(`refuses ${what}`, async () => {
    const answer = await refusedWhen(change);
    assert.match(answer, /^SLU3028 /);
    assert.match(answer, expected);
  });
}
