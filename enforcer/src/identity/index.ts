/** Identity: who is asking is what a verified token says, in every protocol. Start reading in `authenticator.ts`. */
export { createAuthenticator, type AuthenticatorOptions, type TrustedIssuer } from './authenticator.js';
