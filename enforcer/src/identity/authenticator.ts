/**
 * From a token to a principal, the only way there is. Form first, then the issuer by exact name, then the
 * signature by that issuer's keys and pinned algorithms, then time and audience, then the groups.
 */
import { errors, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { OPERATION_ERRORS, REQUEST_ERRORS } from '@sluice/schemas';
import type { Authenticator, Clock, Principal } from '../pipeline/ports.js';
import { groupsOf } from './groups.js';
import { issuerKeys, IssuerUnavailable, type Fetch } from './issuer-keys.js';
import { readToken, type Claimed } from './read-token.js';
import { VerifiedTokens } from './verified-tokens.js';

/** Asymmetric only: with HS256 whoever knows the public key could sign. */
export const TOKEN_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number];

const DEFAULT_ALGORITHMS: readonly TokenAlgorithm[] = ['RS256', 'PS256', 'ES256', 'EdDSA'];
/** How far the clocks of issuer and enforcer may differ. Never applied to the expiry. */
const TOLERANCE_SECONDS = 30;
const SUBJECT_LIMIT_CHARACTERS = 256;

export interface TrustedIssuer {
  readonly issuer: string;
  readonly audience: string;
  /** Path of the groups claim, parts joined by dots: `groups`, `realm_access.roles`. */
  readonly groups: string;
  readonly algorithms?: readonly TokenAlgorithm[] | undefined;
  readonly jwksUri?: string | undefined;
}

export interface AuthenticatorOptions {
  readonly issuers: readonly TrustedIssuer[];
  readonly clock: Clock;
  readonly fetch?: Fetch;
  /** Shortest time between two fetches of an issuer's keys that tokens can cause; 30 s unless said otherwise. */
  readonly keysCoolDownMs?: number;
}

type Answer = Awaited<ReturnType<Authenticator['authenticate']>>;

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { clock } = options;
  const verified = new VerifiedTokens();
  const trusted = new Map(
    options.issuers.map((issuer) => [issuer.issuer, { issuer, keys: keysOf(issuer, options) }]),
  );
  return {
    async authenticate(text) {
      const remembered = verified.find(text, clock.now());
      if (remembered !== undefined) return { ok: true, principal: remembered };
      const token = readToken(text);
      if (!token.ok) return rejected(token.message, token.claimed);
      const { claims, claimed } = token;
      const known = typeof claims['iss'] === 'string' ? trusted.get(claims['iss']) : undefined;
      if (known === undefined) return rejected(`the issuer \`${claimed.issuer}\` is not configured`, claimed);
      try {
        const principal = await verify(text, known.issuer, known.keys, clock);
        verified.keep(text, principal, clock.now());
        return { ok: true, principal };
      } catch (cause) {
        // Fail closed: whatever jose or the claims complain about, there is no principal.
        return failed(cause, claimed);
      }
    },
  };
}

const keysOf = (issuer: TrustedIssuer, options: AuthenticatorOptions): JWTVerifyGetKey =>
  issuerKeys({
    issuer: issuer.issuer,
    jwksUri: issuer.jwksUri,
    fetch: options.fetch ?? globalThis.fetch,
    coolDownMs: options.keysCoolDownMs ?? 30_000,
  });

/** Something in a token that was signed all right, but cannot be accepted. */
class UnacceptableClaim extends Error {}

async function verify(
  text: string,
  { issuer, audience, groups, algorithms = DEFAULT_ALGORITHMS }: TrustedIssuer,
  keys: JWTVerifyGetKey,
  clock: Clock,
): Promise<Principal> {
  const nowMs = clock.now();
  const { payload } = await jwtVerify(text, keys, {
    issuer,
    audience,
    algorithms: [...algorithms],
    requiredClaims: ['iss', 'aud', 'sub', 'exp'],
    clockTolerance: TOLERANCE_SECONDS,
    currentDate: new Date(nowMs),
  });
  const expiresMs = (payload.exp ?? 0) * 1000;
  // jose applies the tolerance to the expiry too; a session must not outlive its token.
  if (expiresMs <= nowMs) throw new UnacceptableClaim('the token has expired');
  if ((payload.iat ?? 0) * 1000 > nowMs + TOLERANCE_SECONDS * 1000) {
    throw new UnacceptableClaim('the token was issued in the future');
  }
  const subject = payload.sub;
  if (
    typeof subject !== 'string' ||
    !/^[^\p{C}]+$/u.test(subject) ||
    subject.length > SUBJECT_LIMIT_CHARACTERS
  ) {
    throw new UnacceptableClaim('the subject is not a name of 1 to 256 printable characters');
  }
  const found = groupsOf(payload, groups);
  if (!found.ok) throw new UnacceptableClaim(found.message);
  return { issuer, subject, groups: found.groups, expiresMs };
}

function failed(cause: unknown, claimed: Claimed): Answer {
  if (cause instanceof IssuerUnavailable) {
    return unaccepted(OPERATION_ERRORS.issuer_unavailable, cause.message, claimed);
  }
  if (cause instanceof errors.JWKSTimeout) {
    return unaccepted(OPERATION_ERRORS.issuer_unavailable, 'the keys of the issuer took too long', claimed);
  }
  if (cause instanceof errors.JWTExpired) return rejected('the token has expired', claimed);
  if (cause instanceof UnacceptableClaim || cause instanceof errors.JOSEError) {
    return rejected(cause.message, claimed);
  }
  return rejected(
    `the token cannot be verified: ${cause instanceof Error ? cause.message : 'unknown'}`,
    claimed,
  );
}

const rejected = (message: string, claimed: Claimed): Answer =>
  unaccepted(REQUEST_ERRORS.unauthenticated, message, claimed);

const unaccepted = (error: (Answer & { ok: false })['error'], message: string, claimed: Claimed): Answer => ({
  ok: false,
  error,
  message,
  claimedSubject: claimed.subject,
  claimedIssuer: claimed.issuer,
});
