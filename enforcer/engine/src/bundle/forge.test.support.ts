/** Makes bundles for tests, good ones and every kind of bad one, byte by byte and without the code under test's signer. */
import assert from 'node:assert/strict';
import { createHash, createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { crc32, END_BYTES, GZIP_HEADER, paddingOf, tarHeader } from './layout.js';
import { parseTrust, type Trust } from './trust.js';

export const NOW_MS = 1_800_000_000_000;

export interface Signer {
  readonly kid: string;
  readonly algorithm: 'EdDSA' | 'ES256';
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export const ed25519 = (kid: string): Signer => ({
  kid,
  algorithm: 'EdDSA',
  ...generateKeyPairSync('ed25519'),
});
export const p256 = (kid: string): Signer => ({
  kid,
  algorithm: 'ES256',
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }),
});

export function trustDocument(signers: readonly Signer[], threshold = 1): Record<string, unknown> {
  const keys = signers.map(({ kid, algorithm, publicKey }) => ({
    kid,
    algorithm,
    publicKey: publicKey.export({ format: 'jwk' }),
  }));
  return {
    apiVersion: 'sluice/v1',
    kind: 'Trust',
    spec: { audience: 'shop', issuer: 'https://ci.example', threshold, keys },
  };
}

export async function trustIn(signers: readonly Signer[], threshold = 1): Promise<Trust> {
  const trust = await parseTrust(trustDocument(signers, threshold));
  assert.ok(trust.ok);
  return trust.value;
}

export type NamedEntry = readonly [name: string, content: Uint8Array];

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value));

const RULE = {
  id: 'support/read',
  effect: 'allow',
  shadow: false,
  message: '',
  owner: '@acme/data',
  file: 'support.yaml',
  line: 7,
  column: 5,
};

const REQUEST = {
  subject: 'ann',
  groups: ['support-agents'],
  connection: 'shop-db',
  accesses: [{ action: 'select', resource: 'public.customers' }],
  columns: ['public.customers.ssn'],
  facts: {
    'sql.limit': { int: '9007199254740993' },
    'sql.has_where': true,
    'sql.tables': ['public.customers'],
  },
};

export const goodEntries = (): NamedEntry[] => [
  [
    '.manifest',
    json({ abiVersion: 1, version: '7', audience: 'shop', issuer: 'https://ci.example', rules: 1 }),
  ],
  ['policy.wasm', utf8('\0asm')],
  ['plan.bin', utf8('plan')],
  ['rules.json', json([RULE])],
  [
    'smoke.json',
    json([{ request: REQUEST, expect: { outcome: 'allow', masks: { 'public.customers.ssn': 'redact' } } }]),
  ],
];

/** Where in the making of a bundle a test interferes. */
export interface Forgery {
  /** Before signing. */
  readonly entries?: (entries: NamedEntry[]) => readonly NamedEntry[];
  readonly claims?: (claims: Record<string, unknown>) => unknown;
  /** The payload as text, after `claims`. */
  readonly payload?: (text: string) => string;
  /** The protected header as text. */
  readonly header?: (text: string, signer: Signer) => string;
  /** The bytes of the signature. */
  readonly signature?: (signature: Uint8Array, input: string) => Uint8Array;
  readonly envelope?: (envelope: {
    payload: string;
    signatures: { protected: string; signature: string }[];
  }) => unknown;
  readonly envelopeText?: (text: string) => string;
  /** After signing. */
  readonly signed?: (entries: NamedEntry[]) => readonly NamedEntry[];
  readonly tar?: (tar: Uint8Array) => Uint8Array;
  readonly file?: (bytes: Uint8Array) => Uint8Array;
}

const same = <T>(value: T): T => value;

export function forge(signers: readonly Signer[], forgery: Forgery = {}): Uint8Array {
  const entries = (forgery.entries ?? same)(goodEntries());
  const claims = (forgery.claims ?? same)({
    files: entries.map(([name, content]) => ({
      name,
      hash: createHash('sha256').update(content).digest('hex'),
      algorithm: 'SHA-256',
    })),
    version: 7,
    iat: NOW_MS / 1000,
    exp: NOW_MS / 1000 + 3600,
    aud: 'shop',
    iss: 'https://ci.example',
  });
  const payload = base64url((forgery.payload ?? same)(JSON.stringify(claims)));
  const signatures = signers.map((signer) => {
    const text = JSON.stringify({ alg: signer.algorithm, kid: signer.kid });
    const header = base64url(forgery.header?.(text, signer) ?? text);
    const input = `${header}.${payload}`;
    const signature = signText(signer, input);
    return { protected: header, signature: base64url(forgery.signature?.(signature, input) ?? signature) };
  });
  const envelope = JSON.stringify((forgery.envelope ?? same)({ payload, signatures }));
  const text = (forgery.envelopeText ?? same)(envelope);
  const all = (forgery.signed ?? same)([...entries, ['.signatures.json', utf8(text)]]);
  return (forgery.file ?? same)(gzipOf((forgery.tar ?? same)(tarOf(all))));
}

export const hmac = (key: Uint8Array, input: string): Uint8Array =>
  createHmac('sha256', key).update(input).digest();

function signText({ algorithm, privateKey }: Signer, input: string): Uint8Array {
  if (algorithm === 'EdDSA') return sign(null, utf8(input), privateKey);
  return sign('sha256', utf8(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
}

export function tarOf(entries: readonly NamedEntry[], type = '0'): Uint8Array {
  const parts = entries.flatMap(([name, content]) => [
    retyped(tarHeader(name, content.length), type),
    content,
    new Uint8Array(paddingOf(content.length)),
  ]);
  return Buffer.concat([...parts, new Uint8Array(END_BYTES)]);
}

/** The header with another type of entry, its checksum made right again. */
export function retyped(header: Uint8Array, type: string): Uint8Array {
  const changed = Buffer.from(header);
  changed.write(type, 156, 'latin1');
  changed.write(' '.repeat(8), 148, 'latin1');
  const sum = changed.reduce((total, byte) => total + byte, 0);
  changed.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return changed;
}

export function gzipOf(content: Uint8Array, trailing = content): Uint8Array {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(trailing), 0);
  trailer.writeUInt32LE(trailing.length, 4);
  return new Uint8Array(Buffer.concat([GZIP_HEADER, deflateRawSync(content), trailer]));
}

const base64url = (value: string | Uint8Array): string => Buffer.from(value).toString('base64url');
