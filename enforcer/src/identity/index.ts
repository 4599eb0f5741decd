/** Identity: who is asking is what a verified token says, in every protocol. Start reading in `authenticator.ts`. */
export {
  createAuthenticator,
  TOKEN_ALGORITHMS,
  type AuthenticatorOptions,
  type TokenAlgorithm,
  type TrustedIssuer,
} from './authenticator.js';
