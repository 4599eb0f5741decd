import assert from 'node:assert/strict';
import { createHmac, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { createAuthenticator } from './authenticator.js';
import type { Fetch } from './issuer-keys.js';

const ISSUER = 'https://login.acme.example';
const NOW_MS = Date.UTC(2026, 10, 22, 12);
const NOW = NOW_MS / 1000;
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
const clock = { now: () => NOW_MS, monotonicUs: () => 0 };

const HEADER = { alg: 'ES256', typ: 'at+jwt', kid: 'k1' };
const CLAIMS = {
  iss: ISSUER,
  aud: 'sluice',
  sub: 'agent-7',
  groups: ['support-agents'],
  iat: NOW - 10,
  exp: NOW + 600,
};

const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

function signed(claims: unknown, header: unknown = HEADER, key: KeyObject = privateKey): string {
  const input = `${encode(header)}.${encode(claims)}`;
  const signature = sign(
    'sha256',
    Buffer.from(input),
    key.asymmetricKeyType === 'ec' ? { key, dsaEncoding: 'ieee-p1363' } : key,
  );
  return `${input}.${signature.toString('base64url')}`;
}

/** A signature by everybody's knowledge: the public key as an HMAC secret. */
function hmacSigned(alg: string, secret: Buffer): string {
  const input = `${encode({ ...HEADER, alg })}.${encode(CLAIMS)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

const jwk = (key: KeyObject, kid: string, alg: string) => ({
  ...key.export({ format: 'jwk' }),
  kid,
  alg,
  use: 'sig',
});
const KEYS = {
  keys: [
    jwk(publicKey, 'k1', 'ES256'),
    jwk(rsa.publicKey, 'r1', 'RS256'),
    jwk(weak.publicKey, 'w1', 'RS256'),
  ],
};

function served(documents: Record<string, unknown>, log: string[] = []): Fetch {
  return (input) => {
    const url = String(input instanceof Request ? input.url : input);
    log.push(url);
    const document = documents[url];
    if (document === undefined) return Promise.reject(new TypeError('connection refused'));
    return Promise.resolve(new Response(JSON.stringify(document)));
  };
}
const DISCOVERY = {
  [`${ISSUER}/.well-known/openid-configuration`]: { issuer: ISSUER, jwks_uri: `${ISSUER}/jwks` },
};
const DOCUMENTS: Record<string, unknown> = { ...DISCOVERY, [`${ISSUER}/jwks`]: KEYS };

const authenticator = (fetch: Fetch = served(DOCUMENTS), more: { groups?: string; audience?: string } = {}) =>
  createAuthenticator({
    issuers: [{ issuer: ISSUER, audience: 'sluice', groups: 'groups', ...more }],
    clock,
    fetch,
    keysCoolDownMs: 0,
  });

const without = (name: keyof typeof CLAIMS): unknown =>
  Object.fromEntries(Object.entries(CLAIMS).filter(([key]) => key !== name));
const changed = (token: string, part: number, change: (text: string) => string): string =>
  token
    .split('.')
    .map((text, index) => (index === part ? change(text) : text))
    .join('.');

test('a good token becomes a principal', async () => {
  assert.deepEqual(await authenticator().authenticate(signed(CLAIMS)), {
    ok: true,
    principal: {
      issuer: ISSUER,
      subject: 'agent-7',
      groups: ['support-agents'],
      expiresMs: (NOW + 600) * 1000,
    },
  });
});

const GOOD: readonly [string, string][] = [
  ['RS256', signed(CLAIMS, { alg: 'RS256', kid: 'r1' }, rsa.privateKey)],
  ['several audiences, ours among them', signed({ ...CLAIMS, aud: ['other', 'sluice'] })],
  ['typ JWT', signed(CLAIMS, { ...HEADER, typ: 'JWT' })],
  ['no groups in an empty list', signed({ ...CLAIMS, groups: [] })],
  ['issued by a clock a little ahead', signed({ ...CLAIMS, iat: NOW + 20, nbf: NOW + 20 })],
];
for (const [name, token] of GOOD) {
  test(`accepts a token: ${name}`, async () => {
    assert.equal((await authenticator().authenticate(token)).ok, true);
  });
}

const BAD: readonly [name: string, token: string, because: RegExp][] = [
  ['empty', '', /not a token/],
  ['an ordinary password', 'hunter2', /not a token/],
  ['four parts', `${signed(CLAIMS)}.x`, /not a token/],
  ['spaces around it', ` ${signed(CLAIMS)} `, /not a token/],
  ['too long', signed({ ...CLAIMS, pad: 'x'.repeat(20_000) }), /longer than/],
  ['expired a second ago', signed({ ...CLAIMS, exp: NOW - 1 }), /expired/],
  ['expires this very second', signed({ ...CLAIMS, exp: NOW }), /expired/],
  ['expired long ago', signed({ ...CLAIMS, exp: NOW - 3600 }), /expired/],
  ['without exp', signed(without('exp')), /missing required "exp"/],
  ['exp as text', signed({ ...CLAIMS, exp: String(NOW + 600) }), /exp/],
  ['nbf in the future', signed({ ...CLAIMS, nbf: NOW + 60 }), /nbf/],
  ['iat in the future', signed({ ...CLAIMS, iat: NOW + 60 }), /future/],
  ['iat as text', signed({ ...CLAIMS, iat: 'now' }), /iat/],
  [
    'another issuer',
    signed({ ...CLAIMS, iss: 'https://evil.example' }),
    /`https:\/\/evil.example` is not configured/,
  ],
  ['the issuer with a slash more', signed({ ...CLAIMS, iss: `${ISSUER}/` }), /not configured/],
  ['without issuer', signed(without('iss')), /not configured/],
  ['a list of issuers', signed({ ...CLAIMS, iss: [ISSUER] }), /not configured/],
  ['another audience', signed({ ...CLAIMS, aud: 'billing' }), /aud/],
  ['the audience in another case', signed({ ...CLAIMS, aud: 'Sluice' }), /aud/],
  ['without audience', signed(without('aud')), /aud/],
  ['without subject', signed(without('sub')), /sub/],
  ['an empty subject', signed({ ...CLAIMS, sub: '' }), /subject/],
  ['a subject with a line break', signed({ ...CLAIMS, sub: 'agent\n7' }), /subject/],
  ['a subject that is a number', signed({ ...CLAIMS, sub: 7 }), /sub/],
  ['unsigned: alg none', `${encode({ ...HEADER, alg: 'none' })}.${encode(CLAIMS)}.`, /"alg"/],
  ['unsigned: alg None', `${encode({ ...HEADER, alg: 'None' })}.${encode(CLAIMS)}.`, /"alg"/],
  ['without a signature', changed(signed(CLAIMS), 2, () => ''), /signature/i],
  [
    'HS256 with the public key as PEM',
    hmacSigned('HS256', Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }))),
    /"alg"/,
  ],
  [
    'HS256 with the public key as DER',
    hmacSigned('HS256', publicKey.export({ type: 'spki', format: 'der' })),
    /"alg"/,
  ],
  ['an algorithm that is not pinned', signed(CLAIMS, { ...HEADER, alg: 'ES384' }), /"alg"/],
  ['the algorithm of another key', signed(CLAIMS, { ...HEADER, alg: 'RS256' }), /applicable key/],
  [
    'a weak RSA key',
    signed(CLAIMS, { alg: 'RS256', kid: 'w1' }, weak.privateKey),
    /cannot be verified|modulus/,
  ],
  ['signed by a stranger', signed(CLAIMS, HEADER, stranger), /signature/],
  [
    'a key of its own in the header',
    signed(CLAIMS, { ...HEADER, jwk: jwk(stranger, 'k1', 'ES256') }, stranger),
    /signature/,
  ],
  ['an unknown key id', signed(CLAIMS, { ...HEADER, kid: 'k9' }), /applicable key/],
  [
    'a changed payload',
    changed(signed(CLAIMS), 1, () => encode({ ...CLAIMS, groups: ['dba'] })),
    /signature/,
  ],
  ['a changed header', changed(signed(CLAIMS), 0, () => encode({ ...HEADER, x: 1 })), /signature/],
  ['stray bits in the signature', changed(signed(CLAIMS), 2, (text) => `${text}AAAA`), /signature/],
  ['another spelling of the payload', changed(signed(CLAIMS), 1, (text) => `${text}=`), /not a token/],
  ['b64 false', signed(CLAIMS, { ...HEADER, b64: false, crit: ['b64'] }), /crit/],
  ['b64 without crit', signed(CLAIMS, { ...HEADER, b64: true }), /b64/],
  ['an unknown critical extension', signed({ ...CLAIMS }, { ...HEADER, crit: ['exp'], exp: 1 }), /crit/],
  ['duplicate members in the header', signed(CLAIMS, '{"alg":"ES256","kid":"k1","kid":"k1"}'), /distinct/],
  ['duplicate members in the claims', signed(`{"sub":"root",${JSON.stringify(CLAIMS).slice(1)}`), /distinct/],
  [
    'duplicate members by an escape',
    signed(`{"s\\u0075b":"root",${JSON.stringify(CLAIMS).slice(1)}`),
    /distinct/,
  ],
  ['claims that are a list', signed([CLAIMS]), /object/],
  ['claims that are not JSON', signed('{sub:1}'), /object/],
  ['a logout token', signed(CLAIMS, { ...HEADER, typ: 'logout+jwt' }), /type/],
  ['a sender-constrained token', signed({ ...CLAIMS, cnf: { jkt: 'x' } }), /cnf/],
  ['without groups', signed(without('groups')), /no claim `groups`/],
  ['groups as text', signed({ ...CLAIMS, groups: 'dba' }), /groups/],
  ['groups as an object', signed({ ...CLAIMS, groups: { 0: 'dba' } }), /groups/],
  ['a group that is a number', signed({ ...CLAIMS, groups: ['dba', 7] }), /groups/],
  ['an empty group', signed({ ...CLAIMS, groups: [''] }), /groups/],
  [
    'too many groups',
    signed({ ...CLAIMS, groups: Array.from({ length: 513 }, (_, i) => `g${i}`) }),
    /groups/,
  ],
  ['groups elsewhere (overage)', signed({ ...CLAIMS, _claim_names: { groups: 'src1' } }), /elsewhere/],
];

const one = authenticator();
for (const [name, token, because] of BAD) {
  test(`refuses a token: ${name}`, async () => {
    const answer = await one.authenticate(token);
    assert.ok(!answer.ok);
    assert.equal(answer.error.name, 'unauthenticated');
    assert.match(answer.message, because);
    assert.ok(!answer.message.includes(token) || token === '');
  });
}

test('says who a refused token claimed to be', async () => {
  const answer = await one.authenticate(signed({ ...CLAIMS, exp: NOW - 1 }));
  assert.ok(!answer.ok);
  assert.deepEqual([answer.claimedSubject, answer.claimedIssuer], ['agent-7', ISSUER]);
});

test('finds groups along a path and in a claim named by a URL', async () => {
  const nested = signed({ ...CLAIMS, realm_access: { roles: ['dba'] } });
  const deep = await authenticator(undefined, { groups: 'realm_access.roles' }).authenticate(nested);
  assert.deepEqual(deep.ok && deep.principal.groups, ['dba']);
  const url = signed({ ...CLAIMS, 'https://acme.example/groups': ['dba', 'dba'] });
  const flat = await authenticator(undefined, { groups: 'https://acme.example/groups' }).authenticate(url);
  assert.deepEqual(flat.ok && flat.principal.groups, ['dba']);
});

test('follows a rotation of keys', async () => {
  const documents: Record<string, unknown> = { ...DOCUMENTS };
  const subject = authenticator(served(documents));
  const next = signed(CLAIMS, { ...HEADER, kid: 'k2' }, stranger);
  assert.equal((await subject.authenticate(next)).ok, false);
  documents[`${ISSUER}/jwks`] = { keys: [jwk(createPublicKey(stranger), 'k2', 'ES256')] };
  assert.equal((await subject.authenticate(next)).ok, true);
  assert.equal((await subject.authenticate(signed(CLAIMS))).ok, false, 'the withdrawn key is forgotten');
});

test('asks the issuer once for many tokens, and never for an unknown issuer', async () => {
  const log: string[] = [];
  const subject = createAuthenticator({
    issuers: [{ issuer: ISSUER, audience: 'sluice', groups: 'groups' }],
    clock,
    fetch: served(DOCUMENTS, log),
  });
  await subject.authenticate(signed({ ...CLAIMS, iss: 'https://evil.example' }));
  assert.deepEqual(log, []);
  await Promise.all([1, 2, 3].map((jti) => subject.authenticate(signed({ ...CLAIMS, jti }))));
  for (const kid of ['a', 'b', 'c']) await subject.authenticate(signed(CLAIMS, { ...HEADER, kid }));
  assert.deepEqual(log, [`${ISSUER}/.well-known/openid-configuration`, `${ISSUER}/jwks`]);
});

const UNREACHABLE: readonly [string, Record<string, unknown>, RegExp][] = [
  ['no discovery document', {}, /connection refused/],
  ['keys out of reach', DISCOVERY, /connection refused/],
  [
    'a document of another issuer',
    { [Object.keys(DISCOVERY)[0] ?? '']: { issuer: 'x', jwks_uri: `${ISSUER}/jwks` } },
    /another issuer/,
  ],
  [
    'keys in the clear',
    { [Object.keys(DISCOVERY)[0] ?? '']: { issuer: ISSUER, jwks_uri: 'http://login.acme.example/jwks' } },
    /https/,
  ],
  [
    'a document too large',
    { ...DISCOVERY, [`${ISSUER}/jwks`]: { keys: [], pad: 'x'.repeat(300_000) } },
    /256 KiB/,
  ],
];
for (const [name, documents, because] of UNREACHABLE) {
  test(`lets nobody in while the issuer is unavailable: ${name}`, async () => {
    const answer = await authenticator(served(documents)).authenticate(signed(CLAIMS));
    assert.ok(!answer.ok);
    assert.equal(answer.error.name, 'issuer_unavailable');
    assert.match(answer.message, because);
  });
}

test('forgets a remembered token when it expires', async () => {
  let nowMs = NOW_MS;
  const subject = createAuthenticator({
    issuers: [{ issuer: ISSUER, audience: 'sluice', groups: 'groups' }],
    clock: { now: () => nowMs, monotonicUs: () => 0 },
    fetch: served(DOCUMENTS),
  });
  const token = signed({ ...CLAIMS, exp: NOW + 5 });
  assert.equal((await subject.authenticate(token)).ok, true);
  nowMs += 4_999;
  assert.equal((await subject.authenticate(token)).ok, true);
  nowMs += 1;
  assert.equal((await subject.authenticate(token)).ok, false);
});
