/** Whom an enforcer believes: the pinned keys, how many of them must sign, and for which channel. */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { ALGORITHMS, isAlgorithm, type Algorithm } from './algorithms.js';
import { hasMembers, isCount, isObject, isText } from './canonical-json.js';
import { outcomeOf, refusal, type BundleResult } from './refusal.js';

declare const trusted: unique symbol;

export interface TrustedKey {
  readonly kid: string;
  readonly algorithm: Algorithm;
  readonly key: KeyObject;
  /** RFC 7638, base64url: two keys are the same when their thumbprints are. */
  readonly thumbprint: string;
}

/** Minted by `parseTrust` alone. */
export interface Trust {
  readonly [trusted]: true;
  readonly keys: readonly TrustedKey[];
  /** How many different keys must have signed. */
  readonly threshold: number;
  readonly audience: string;
  readonly issuer: string;
}

const KEYS_LIMIT = 16;

/**
 * Checks a document of kind Trust, as read from YAML or JSON by the caller:
 *
 *   { apiVersion: 'sluice/v1', kind: 'Trust', metadata?: { name },
 *     spec: { audience, issuer, threshold, keys: [{ kid, algorithm: 'EdDSA' | 'ES256', publicKey: JWK }] } }
 */
export function parseTrust(document: unknown): Promise<BundleResult<Trust>> {
  return outcomeOf('trust_malformed', () => readTrust(document));
}

function readTrust(document: unknown): Trust {
  if (!hasMembers(document, ['apiVersion', 'kind', 'spec'], ['metadata'])) {
    throw malformed(
      'the trust document must have `apiVersion`, `kind` and `spec`, and nothing else but `metadata`',
    );
  }
  const { apiVersion, kind, spec } = document;
  if (apiVersion !== 'sluice/v1' || kind !== 'Trust') {
    throw malformed('expected `apiVersion: sluice/v1` and `kind: Trust`');
  }
  if (!hasMembers(spec, ['audience', 'issuer', 'threshold', 'keys'])) {
    throw malformed('`spec` must have exactly `audience`, `issuer`, `threshold` and `keys`');
  }
  const { audience, issuer, threshold } = spec;
  if (!isText(audience) || audience === '' || !isText(issuer) || issuer === '') {
    throw malformed('`audience` and `issuer` must be texts that are not empty');
  }
  const keys = readKeys(spec.keys);
  if (!isCount(threshold) || threshold < 1 || threshold > keys.length) {
    throw malformed(`\`threshold\` must be a whole number from 1 to ${keys.length}, the number of keys`);
  }
  // The one place that mints a Trust.
  return Object.freeze({ keys, threshold, audience, issuer }) as Trust;
}

function readKeys(value: unknown): readonly TrustedKey[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > KEYS_LIMIT) {
    throw malformed(`\`keys\` must be a list of 1 to ${KEYS_LIMIT} keys`);
  }
  const keys = value.map(readKey);
  for (const [index, key] of keys.entries()) {
    const twin = keys.findIndex((other) => other.kid === key.kid || other.thumbprint === key.thumbprint);
    // A key listed twice would count twice toward the threshold.
    if (twin !== index)
      throw malformed(`the keys ${twin + 1} and ${index + 1} have the same \`kid\` or are the same key`);
  }
  return keys;
}

function readKey(value: unknown, index: number): TrustedKey {
  const what = `key ${index + 1}`;
  if (!hasMembers(value, ['kid', 'algorithm', 'publicKey'])) {
    throw malformed(`${what} must have exactly \`kid\`, \`algorithm\` and \`publicKey\``);
  }
  const { kid, algorithm, publicKey } = value;
  if (!isText(kid) || kid === '') throw malformed(`the \`kid\` of ${what} must be a text that is not empty`);
  if (!isAlgorithm(algorithm)) {
    const names = Object.keys(ALGORITHMS).join('` or `');
    throw malformed(`the \`algorithm\` of ${what} must be \`${names}\``);
  }
  const key = readPublicKey(publicKey, algorithm, what);
  return { kid, algorithm, key, thumbprint: thumbprintOf(key, algorithm) };
}

function readPublicKey(jwk: unknown, algorithm: Algorithm, what: string): KeyObject {
  const { kty, crv, values } = ALGORITHMS[algorithm];
  if (isObject(jwk) && Object.hasOwn(jwk, 'd')) {
    throw malformed(
      `${what} holds a private key: keep it secret, list the public one, and replace both if it was shared`,
    );
  }
  if (
    !hasMembers(jwk, ['kty', 'crv', ...values], ['kid', 'alg', 'use']) ||
    jwk.kty !== kty ||
    jwk.crv !== crv
  ) {
    throw malformed(
      `the \`publicKey\` of ${what} must be a JWK with \`kty: ${kty}\`, \`crv: ${crv}\` and ${values.join(', ')}`,
    );
  }
  if ((jwk.alg ?? algorithm) !== algorithm || (jwk.use ?? 'sig') !== 'sig') {
    throw malformed(
      `the \`publicKey\` of ${what} is for another algorithm or use than signing with ${algorithm}`,
    );
  }
  if (!values.every((name) => isText(jwk[name]))) {
    throw malformed(`the ${values.join(' and ')} of ${what} must be base64url`);
  }
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' });
  } catch (cause) {
    // Fail closed: a trust document with a key that cannot be used is not used at all.
    throw refusal('trust_malformed', `the \`publicKey\` of ${what} is no point on ${crv}`, { cause });
  }
}

/** Of the key as the library spells it: the text of the document may spell one key in several ways. */
export function thumbprintOf(key: KeyObject, algorithm: Algorithm): string {
  const jwk = key.export({ format: 'jwk' });
  const members = ['kty', 'crv', ...ALGORITHMS[algorithm].values].toSorted();
  const canonical = JSON.stringify(Object.fromEntries(members.map((name) => [name, jwk[name]])));
  return createHash('sha256').update(canonical).digest('base64url');
}

const malformed = (message: string): Error => refusal('trust_malformed', message);
