/**
 * The one way from the bytes of a bundle file to a `VerifiedBundle`. Pure: whom to trust, the time and the highest
 * version seen are arguments. Every step works on the bytes that the step before it vouched for.
 */
import { createHash } from 'node:crypto';
import type { pb, RuleInfo } from '@sluice/schemas';
import { checkSignatures } from './check-signatures.js';
import { readManifest, readRules, readSmoke, type SmokeRequest } from './contents.js';
import { readClaims, readEnvelope, type Claims } from './envelope.js';
import { SIGNED_ENTRIES, SIGNATURES_ENTRY, type EntryName } from './layout.js';
import { readArchive, type Entries } from './read-archive.js';
import { outcomeOf, refusal, type BundleResult } from './refusal.js';
import type { Trust } from './trust.js';

declare const verified: unique symbol;

/** Minted by `verifyBundle` alone. */
export interface VerifiedBundle {
  readonly [verified]: true;
  /** The file, as it was given. */
  readonly bytes: Uint8Array;
  /** SHA-256 of the file, hex. */
  readonly digest: string;
  /**
   * SHA-256 over the signed list of files, hex: the same for the same content, however it was compressed and
   * whoever signed it when.
   */
  readonly contentDigest: string;
  readonly version: number;
  readonly issuedMs: number;
  readonly expiresMs: number;
  /** `kid` of each trusted key that signed. */
  readonly signers: readonly string[];
  readonly manifest: pb.Manifest;
  readonly wasm: Uint8Array;
  /** `sluice.v1.Plan`, as written. */
  readonly plan: Uint8Array;
  readonly rules: readonly RuleInfo[];
  readonly smoke: readonly SmokeRequest[];
}

/** The highest version seen on a channel, and what it held (`contentDigest`). */
export interface HighestVersion {
  readonly version: number;
  readonly digest: string;
}

export interface VerificationContext {
  readonly nowMs: number;
  /** Absent only where no bundle was ever accepted, and for tools that look at a single file. */
  readonly highestVersion?: HighestVersion | undefined;
}

/** How far the signer's clock may be ahead of ours. */
export const CLOCK_SKEW_MS = 60_000;

/**
 * verifyBundle(bytes, trust, { nowMs, highestVersion? })
 *   -> { ok: true, value: VerifiedBundle } | { ok: false, error: row of BUNDLE_ERRORS, message }
 */
export function verifyBundle(
  bytes: Uint8Array,
  trust: Trust,
  context: VerificationContext,
): Promise<BundleResult<VerifiedBundle>> {
  return outcomeOf('bundle_malformed', async () => {
    const entries = readArchive(bytes);
    const envelope = readEnvelope(entries);
    const { payload, signers } = await checkSignatures(envelope, trust);
    const claims = checkClaims(readClaims(payload), trust, context);
    const contents = checkContents(entries, claims, context);
    // The one place that mints a VerifiedBundle.
    return Object.freeze({ bytes, digest: sha256(bytes), signers, ...contents }) as VerifiedBundle;
  });
}

function checkClaims(claims: Claims, trust: Trust, context: VerificationContext): Claims {
  const { audience, issuer, issuedSeconds, expiresSeconds, version } = claims;
  if (audience !== trust.audience) {
    const message = `the bundle is for ${quote(audience)}, expected \`${trust.audience}\``;
    throw refusal('bundle_wrong_audience', message);
  }
  if (issuer !== trust.issuer) {
    throw refusal('bundle_wrong_issuer', `the bundle is by ${quote(issuer)}, expected \`${trust.issuer}\``);
  }
  if (issuedSeconds * 1000 > context.nowMs + CLOCK_SKEW_MS) {
    throw refusal(
      'bundle_not_yet_valid',
      `the bundle was signed at ${utc(issuedSeconds)}, which is still to come`,
    );
  }
  if (expiresSeconds * 1000 <= context.nowMs) {
    throw refusal('bundle_expired', `the bundle expired at ${utc(expiresSeconds)}`);
  }
  const highest = context.highestVersion;
  if (highest !== undefined && version < highest.version) {
    const message = `the bundle has version ${version}, version ${highest.version} was seen before`;
    throw refusal('bundle_rolled_back', message);
  }
  return claims;
}

type Contents = Omit<VerifiedBundle, typeof verified | 'bytes' | 'digest' | 'signers'>;

function checkContents(entries: Entries, claims: Claims, { highestVersion }: VerificationContext): Contents {
  checkFiles(entries, claims);
  const contentDigest = contentDigestOf(claims.files);
  if (highestVersion?.version === claims.version && highestVersion.digest !== contentDigest) {
    const message = `version ${claims.version} was seen before with other content: two bundles were signed under one version`;
    throw refusal('bundle_version_reused', message);
  }
  const manifest = readManifest(need(entries, '.manifest'));
  const rules = readRules(need(entries, 'rules.json'));
  checkManifest(manifest, claims, rules.length);
  return {
    contentDigest,
    version: claims.version,
    issuedMs: claims.issuedSeconds * 1000,
    expiresMs: claims.expiresSeconds * 1000,
    manifest,
    wasm: need(entries, 'policy.wasm'),
    plan: need(entries, 'plan.bin'),
    rules,
    smoke: readSmoke(need(entries, 'smoke.json')),
  };
}

/** The entries are exactly the signed ones, and each has the signed bytes. */
function checkFiles(entries: Entries, claims: Claims): void {
  const present = [...entries.keys()].filter((name) => name !== SIGNATURES_ENTRY);
  const signed = claims.files.map((file) => file.name);
  if (present.join('\n') !== signed.join('\n')) {
    const message = `the bundle holds ${list(present)}, but ${list(signed)} were signed`;
    throw refusal('bundle_files_mismatch', message);
  }
  for (const name of SIGNED_ENTRIES) need(entries, name);
  for (const file of claims.files) {
    const entry = SIGNED_ENTRIES.find((name) => name === file.name);
    if (entry === undefined || sha256(need(entries, entry)) !== file.hash) {
      throw refusal('bundle_hash_mismatch', `the entry ${quote(file.name)} was changed after it was signed`);
    }
  }
}

function checkManifest(manifest: pb.Manifest, claims: Claims, rules: number): void {
  const disagreements = [
    ['version', manifest.version, BigInt(claims.version)],
    ['audience', manifest.audience, claims.audience],
    ['issuer', manifest.issuer, claims.issuer],
    ['number of rules', manifest.rules, rules],
  ].filter(([, said, signed]) => said !== signed);
  const [first] = disagreements;
  if (first === undefined) return;
  const [what, said, signed] = first;
  throw refusal('bundle_manifest_mismatch', `the manifest says ${what} \`${said}\`, expected \`${signed}\``);
}

function need(entries: Entries, name: EntryName): Uint8Array {
  const entry = entries.get(name);
  if (entry === undefined) throw refusal('bundle_entry_missing', `the bundle lacks the entry \`${name}\``);
  return entry;
}

/** Identity of a content: SHA-256, hex, over the signed list of files. */
export function contentDigestOf(files: Claims['files']): string {
  return sha256(new TextEncoder().encode(JSON.stringify(files.map(({ name, hash }) => [name, hash]))));
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const utc = (seconds: number): string =>
  seconds < 8.64e12 ? new Date(seconds * 1000).toISOString() : `${seconds} s after 1970`;

const list = (names: readonly string[]): string => names.map(quote).join(', ') || 'nothing';

const quote = (text: string): string => `\`${text.slice(0, 100).replace(/[\p{C}`]/gu, '?')}\``;
