/**
 * Bundles: the only thing that passes from the compiler to an enforcer.
 *
 *   parseTrust(document)                    -> Trust
 *   verifyBundle(bytes, trust, context)     -> VerifiedBundle     archive, envelope, signatures, claims, contents
 *   activate(verifiedBundle, loadPolicy)    -> ActiveBundle       module, smoke requests
 *
 * Each answers `{ ok: true, value }` or `{ ok: false, error, message }`, with a row of the code table as `error`.
 */
export { activate, type ActiveBundle, type LoadedPolicy, type PolicyLoader } from './activate.js';
export { ALGORITHMS, isAlgorithm, type Algorithm } from './algorithms.js';
export type { SmokeExpectation, SmokeRequest } from './contents.js';
export { readClaims, readEnvelope, type Claims, type Envelope, type SignedFile } from './envelope.js';
export {
  BUNDLE_LIMIT_BYTES,
  crc32,
  END_BYTES,
  ENTRIES,
  GZIP_HEADER,
  paddingOf,
  SIGNATURES_ENTRY,
  SIGNED_ENTRIES,
  tarHeader,
  UNPACKED_LIMIT_BYTES,
  type EntryName,
} from './layout.js';
export { readArchive, type Entries } from './read-archive.js';
export type { BundleResult } from './refusal.js';
export { parseTrust, thumbprintOf, type Trust, type TrustedKey } from './trust.js';
export {
  CLOCK_SKEW_MS,
  contentDigestOf,
  sha256,
  verifyBundle,
  type HighestVersion,
  type VerificationContext,
  type VerifiedBundle,
} from './verify-bundle.js';
