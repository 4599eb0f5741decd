/**
 * The publishing side of bundles; the believing side is in `@sluice/engine`.
 *
 *   smokeFrom(decided)                                     which decided requests travel along
 *   buildBundle(parts)                                     -> unsigned file, the same for the same parts
 *   generateKey(algorithm)                                 -> private and public JWK
 *   signBundle(bytes, privateJwks, { expiresSeconds, nowMs })  -> signed file
 *   cosignBundle(bytes, privateJwks)                       -> signed by more people
 *
 * What cannot be done is thrown as a `SluiceError`.
 */
export { buildBundle, type BundleConnection, type BundleParts } from './build-bundle.js';
export { smokeFrom, type DecidedRequest } from './choose-smoke.js';
export { cosignBundle, signBundle, type SignOptions } from './sign-bundle.js';
export {
  generateKey,
  readSigningKey,
  type KeyPair,
  type PrivateJwk,
  type PublicJwk,
  type SigningKey,
} from './signing-key.js';
export { writeArchive } from './write-archive.js';
