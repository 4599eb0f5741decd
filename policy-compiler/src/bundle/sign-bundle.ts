/** Puts signatures on a bundle file: the first ones, or more of them beside those of other people. */
import {
  readArchive,
  readClaims,
  readEnvelope,
  sha256,
  SIGNATURES_ENTRY,
  SIGNED_ENTRIES,
  type Entries,
} from '@sluice/engine';
import { fromJsonString } from '@bufbuild/protobuf';
import { BUNDLE_ERRORS, pb, SluiceError } from '@sluice/schemas';
import { GeneralSign, type GeneralJWS } from 'jose';
import { readSigningKey, type SigningKey } from './signing-key.js';
import { writeArchive } from './write-archive.js';

export interface SignOptions {
  /** How long enforcers may accept the bundle. */
  readonly expiresSeconds: number;
  readonly nowMs: number;
}

/**
 * signBundle(bytes, keys, { expiresSeconds, nowMs }) -> bytes of the signed bundle. `keys` are private JWKs as
 * `generateKey` makes them. Signatures that were there before are dropped: they were over another time.
 */
export async function signBundle(
  bytes: Uint8Array,
  keys: readonly unknown[],
  options: SignOptions,
): Promise<Uint8Array> {
  if (!Number.isSafeInteger(options.expiresSeconds) || options.expiresSeconds < 1) {
    const message = `a bundle must expire after a whole number of seconds, not \`${options.expiresSeconds}\``;
    throw new SluiceError(BUNDLE_ERRORS.bundle_claims_malformed, message);
  }
  const entries = readArchive(bytes);
  const payload = new TextEncoder().encode(JSON.stringify(claimsOf(entries, options)));
  return withSignatures(entries, await sign(payload, keys.map(readSigningKey)));
}

/**
 * cosignBundle(bytes, keys) -> bytes with further signatures over the payload that is already signed, for
 * thresholds above one where each signer holds their own key. What the payload says is checked first: nobody
 * signs for entries that are not these.
 */
export async function cosignBundle(bytes: Uint8Array, keys: readonly unknown[]): Promise<Uint8Array> {
  const entries = readArchive(bytes);
  const envelope = readEnvelope(entries);
  const payload = Buffer.from(envelope.payload, 'base64url');
  const { issuedSeconds, expiresSeconds } = readClaims(payload);
  const again = claimsOf(entries, {
    nowMs: issuedSeconds * 1000,
    expiresSeconds: expiresSeconds - issuedSeconds,
  });
  if (JSON.stringify(again) !== payload.toString()) {
    const message =
      'the signed payload does not describe these entries, so no further signature is put under it';
    throw new SluiceError(BUNDLE_ERRORS.bundle_hash_mismatch, message);
  }
  const more = await sign(payload, keys.map(readSigningKey));
  const before = envelope.signatures.map(({ protected: header, signature }) => ({
    protected: header,
    signature,
  }));
  return withSignatures(entries, { payload: more.payload, signatures: [...before, ...more.signatures] });
}

/** The payload; its form is written in the engine's `bundle/envelope.ts`. */
function claimsOf(entries: Entries, { expiresSeconds, nowMs }: SignOptions): object {
  const manifest = fromJsonString(pb.ManifestSchema, new TextDecoder().decode(need(entries, '.manifest')));
  const iat = Math.floor(nowMs / 1000);
  return {
    files: SIGNED_ENTRIES.map((name) => ({ name, hash: sha256(need(entries, name)), algorithm: 'SHA-256' })),
    version: Number(manifest.version),
    iat,
    exp: iat + expiresSeconds,
    aud: manifest.audience,
    iss: manifest.issuer,
  };
}

async function sign(payload: Uint8Array, keys: readonly SigningKey[]): Promise<GeneralJWS> {
  if (new Set(keys.map((key) => key.thumbprint)).size !== keys.length || keys.length === 0) {
    const message = 'a bundle is signed with at least one key, and with none of them twice';
    throw new SluiceError(BUNDLE_ERRORS.signing_key_malformed, message);
  }
  const jws = new GeneralSign(payload);
  for (const { key, algorithm, kid } of keys) {
    jws.addSignature(key).setProtectedHeader({ alg: algorithm, kid });
  }
  return jws.sign();
}

function withSignatures(entries: Entries, jws: GeneralJWS): Uint8Array {
  const signatures = jws.signatures.map(({ protected: header, signature }) => ({
    protected: header,
    signature,
  }));
  const envelope = new TextEncoder().encode(JSON.stringify({ payload: jws.payload, signatures }));
  return writeArchive(new Map([...entries, [SIGNATURES_ENTRY, envelope]]));
}

function need(entries: Entries, name: (typeof SIGNED_ENTRIES)[number]): Uint8Array {
  const entry = entries.get(name);
  if (entry === undefined) {
    throw new SluiceError(BUNDLE_ERRORS.bundle_entry_missing, `the bundle lacks the entry \`${name}\``);
  }
  return entry;
}
