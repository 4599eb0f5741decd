/** Keys that sign bundles: made, and read back. Where they are kept, and with which rights, is the caller's. */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { ALGORITHMS, isAlgorithm, thumbprintOf, type Algorithm } from '@sluice/engine';
import { BUNDLE_ERRORS, SluiceError } from '@sluice/schemas';

/** A private key as JWK, as `sluice keygen` writes it. Never logged, never part of a message. */
export interface PrivateJwk {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly y?: string;
  readonly d: string;
  readonly kid: string;
  readonly alg: Algorithm;
}

/** The public half, as a trust document lists it under `publicKey`. */
export interface PublicJwk {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly y?: string;
}

export interface KeyPair {
  readonly kid: string;
  readonly algorithm: Algorithm;
  readonly privateJwk: PrivateJwk;
  readonly publicJwk: PublicJwk;
}

export interface SigningKey {
  readonly kid: string;
  readonly algorithm: Algorithm;
  readonly key: KeyObject;
  /** RFC 7638, base64url, of the public half. */
  readonly thumbprint: string;
}

/** generateKey('EdDSA' | 'ES256') -> KeyPair; its `kid` is the thumbprint of the key. */
export function generateKey(algorithm: Algorithm): KeyPair {
  const { privateKey, publicKey } =
    algorithm === 'EdDSA'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('ec', { namedCurve: ALGORITHMS.ES256.crv });
  const kid = thumbprintOf(publicKey, algorithm);
  const { kty = '', crv = '', x = '', y, d = '' } = privateKey.export({ format: 'jwk' });
  const publicJwk = { kty, crv, x, ...(y !== undefined && { y }) };
  return { kid, algorithm, publicJwk, privateJwk: { ...publicJwk, d, kid, alg: algorithm } };
}

/** Checks a private key as read from JSON by the caller; throws a `SluiceError` that never repeats what was read. */
export function readSigningKey(document: unknown): SigningKey {
  if (typeof document !== 'object' || document === null) throw malformed('a private key must be a JWK');
  const { kid, alg, kty, crv, d } = document as Readonly<Record<string, unknown>>;
  if (!isAlgorithm(alg)) throw malformed('a private key must have `alg`, either `EdDSA` or `ES256`');
  const row = ALGORITHMS[alg];
  if (kty !== row.kty || crv !== row.crv) {
    throw malformed(`a private key for ${alg} must have \`kty: ${row.kty}\` and \`crv: ${row.crv}\``);
  }
  if (typeof d !== 'string') throw malformed('a private key must have `d`; this may be the public half');
  if (typeof kid !== 'string' || kid === '') throw malformed('a private key must have a `kid`');
  try {
    const key = createPrivateKey({ key: { ...document }, format: 'jwk' });
    if (!canSign(key, alg))
      throw malformed(`the halves of the private key \`${kid}\` do not belong together`);
    return { kid, algorithm: alg, key, thumbprint: thumbprintOf(key, alg) };
  } catch (cause) {
    if (cause instanceof SluiceError) throw cause;
    // Fail closed: nothing is signed with a key that the library does not accept.
    throw new SluiceError(BUNDLE_ERRORS.signing_key_malformed, `the private key \`${kid}\` is broken`, {
      cause,
    });
  }
}

/** The library takes the public half of an EC key on trust. */
function canSign(key: KeyObject, algorithm: Algorithm): boolean {
  const digest = algorithm === 'EdDSA' ? null : 'sha256';
  const probe = new TextEncoder().encode('probe');
  return verify(digest, probe, createPublicKey(key), sign(digest, probe, key));
}

const malformed = (message: string): Error => new SluiceError(BUNDLE_ERRORS.signing_key_malformed, message);
