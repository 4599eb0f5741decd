/**
 * `.signatures.json`: a JWS in general JSON serialization (RFC 7515, section 7.2.1), over the payload
 *
 *   {"files":[{"name":"policy.wasm","hash":"<sha-256, hex>","algorithm":"SHA-256"}, ...],
 *    "version":7,"iat":1700000000,"exp":1800000000,"aud":"shop","iss":"https://ci.acme.example"}
 *
 * Read here into shapes; nothing is believed before `check-signatures.ts` says so.
 */
import { isAlgorithm, type Algorithm } from './algorithms.js';
import { hasMembers, isCount, isText, readCanonicalJson } from './canonical-json.js';
import { SIGNED_ENTRIES, SIGNATURES_ENTRY } from './layout.js';
import type { Entries } from './read-archive.js';
import { refusal } from './refusal.js';

export interface EnvelopeSignature {
  readonly protected: string;
  readonly signature: string;
  /** As the header says; must be the one of the pinned key. */
  readonly algorithm: Algorithm;
  /** A hint at which key to try first, nothing more. */
  readonly kid: string;
}

export interface Envelope {
  readonly payload: string;
  readonly signatures: readonly EnvelopeSignature[];
}

export interface SignedFile {
  readonly name: string;
  /** SHA-256 of the entry's bytes, hex. */
  readonly hash: string;
}

/** What the signers say of a bundle. */
export interface Claims {
  readonly files: readonly SignedFile[];
  readonly version: number;
  readonly issuedSeconds: number;
  readonly expiresSeconds: number;
  readonly audience: string;
  readonly issuer: string;
}

const ENVELOPE_LIMIT_BYTES = 256 * 1024;
const SIGNATURES_LIMIT = 16;
const BASE64URL = /^[A-Za-z0-9_-]+$/;

export function readEnvelope(entries: Entries): Envelope {
  const bytes = entries.get(SIGNATURES_ENTRY);
  if (bytes === undefined)
    throw refusal('bundle_unsigned', `the bundle has no entry \`${SIGNATURES_ENTRY}\``);
  if (bytes.length > ENVELOPE_LIMIT_BYTES) {
    throw refusal('bundle_too_large', `\`${SIGNATURES_ENTRY}\` has more than ${ENVELOPE_LIMIT_BYTES} bytes`);
  }
  const envelope = readCanonicalJson(bytes, `\`${SIGNATURES_ENTRY}\``, 'bundle_signature_malformed');
  if (!hasMembers(envelope, ['payload', 'signatures'])) {
    throw malformed(`\`${SIGNATURES_ENTRY}\` must have exactly \`payload\` and \`signatures\``);
  }
  const { payload, signatures } = envelope;
  if (!isBase64url(payload)) throw malformed('the payload must be base64url');
  if (!Array.isArray(signatures) || signatures.length > SIGNATURES_LIMIT) {
    throw malformed(`\`signatures\` must be a list of at most ${SIGNATURES_LIMIT}`);
  }
  if (signatures.length === 0) throw refusal('bundle_unsigned', 'the list of signatures is empty');
  return { payload, signatures: signatures.map(readSignature) };
}

function readSignature(value: unknown, index: number): EnvelopeSignature {
  const what = `signature ${index + 1}`;
  // An unprotected `header` is refused with everything else: what is not signed may not steer.
  if (!hasMembers(value, ['protected', 'signature'])) {
    throw malformed(`${what} must have exactly \`protected\` and \`signature\``);
  }
  const { protected: encoded, signature } = value;
  if (!isBase64url(encoded) || !isBase64url(signature)) throw malformed(`${what} must be base64url`);
  return { protected: encoded, signature, ...readHeader(encoded, what) };
}

function readHeader(encoded: string, what: string): { algorithm: Algorithm; kid: string } {
  const bytes = Buffer.from(encoded, 'base64url');
  const header = readCanonicalJson(bytes, `the header of ${what}`, 'bundle_signature_malformed');
  if (!hasMembers(header, ['alg'], ['kid', 'crit', 'b64'])) {
    throw refusal(
      'bundle_header_refused',
      `the header of ${what} must have \`alg\`, and nothing else but \`kid\``,
    );
  }
  // RFC 7515, section 4.1.11: an extension that is not understood must be refused; none is understood here.
  // RFC 7797 (`b64`) would change which bytes are signed.
  for (const extension of ['crit', 'b64']) {
    if (Object.hasOwn(header, extension)) {
      throw refusal(
        'bundle_header_refused',
        `the header of ${what} asks for \`${extension}\`, which is not accepted`,
      );
    }
  }
  if (!isAlgorithm(header.alg)) {
    const algorithm = isText(header.alg) ? header.alg.slice(0, 20) : typeof header.alg;
    const message = `${what} uses the algorithm \`${algorithm.replace(/[^\w-]/g, '?')}\`, expected EdDSA or ES256`;
    throw refusal('bundle_algorithm_refused', message);
  }
  if (header.kid !== undefined && !isText(header.kid))
    throw malformed(`the \`kid\` of ${what} must be a text`);
  return { algorithm: header.alg, kid: header.kid ?? '' };
}

/** The payload, read from the very bytes that a signature was verified over. */
export function readClaims(payload: Uint8Array): Claims {
  const claims = readCanonicalJson(payload, 'the signed payload', 'bundle_claims_malformed');
  if (!hasMembers(claims, ['files', 'version', 'iat', 'exp', 'aud', 'iss'])) {
    throw unclaimed('the signed payload must have exactly `files`, `version`, `iat`, `exp`, `aud` and `iss`');
  }
  const { files, version, iat, exp, aud, iss } = claims;
  if (!isCount(version) || version < 1) throw unclaimed('`version` must be a whole number from 1');
  if (!isCount(iat) || !isCount(exp)) throw unclaimed('`iat` and `exp` must be whole seconds');
  if (exp <= iat) throw unclaimed('`exp` must be later than `iat`');
  if (!isText(aud) || !isText(iss)) throw unclaimed('`aud` and `iss` must be texts');
  if (!Array.isArray(files)) throw unclaimed('`files` must be a list');
  if (files.length > SIGNED_ENTRIES.length)
    throw refusal('bundle_files_mismatch', 'more entries were signed than a bundle has');
  return {
    files: files.map(readFile),
    version,
    issuedSeconds: iat,
    expiresSeconds: exp,
    audience: aud,
    issuer: iss,
  };
}

function readFile(value: unknown): SignedFile {
  if (!hasMembers(value, ['name', 'hash', 'algorithm'])) {
    throw unclaimed('each of `files` must have exactly `name`, `hash` and `algorithm`');
  }
  const { name, hash, algorithm } = value;
  if (algorithm !== 'SHA-256') throw unclaimed('the `algorithm` of each file must be `SHA-256`');
  if (!isText(name) || !isText(hash) || !/^[0-9a-f]{64}$/.test(hash)) {
    throw unclaimed('each of `files` must have a `name` and a `hash` of 64 hex digits');
  }
  return { name, hash };
}

const isBase64url = (value: unknown): value is string => isText(value) && BASE64URL.test(value);

const malformed = (message: string): Error => refusal('bundle_signature_malformed', message);
const unclaimed = (message: string): Error => refusal('bundle_claims_malformed', message);
