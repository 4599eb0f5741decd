/** The form of a token, before anything in it is believed: a compact JWS whose header and claims are plain JSON. */
import { hasDuplicateMembers } from './duplicate-members.js';

const TOKEN_LIMIT_CHARACTERS = 16_384;
const CLAIMED_LIMIT_CHARACTERS = 256;
const COMPACT_JWS = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)$/;
/** What an access or identity token may call itself (RFC 9068 section 2.1); a logout or DPoP token is neither. */
const TOKEN_TYPES: ReadonlySet<unknown> = new Set([undefined, 'jwt', 'at+jwt', 'application/at+jwt']);

type JsonObject = Readonly<Record<string, unknown>>;

export type ReadToken =
  | { readonly ok: true; readonly text: string; readonly claims: JsonObject; readonly claimed: Claimed }
  | { readonly ok: false; readonly message: string; readonly claimed: Claimed };

/** Who the token says it is for, unverified: for the audit log only. */
export interface Claimed {
  readonly subject: string;
  readonly issuer: string;
}

const NOBODY: Claimed = { subject: '', issuer: '' };

export function readToken(text: string): ReadToken {
  if (text.length > TOKEN_LIMIT_CHARACTERS) {
    return bad(`the token is longer than ${TOKEN_LIMIT_CHARACTERS} characters`);
  }
  const segments = COMPACT_JWS.exec(text);
  if (segments === null) return bad('the password is not a token: expected three base64url parts');
  const header = decodeObject(segments[1] ?? '');
  const claims = decodeObject(segments[2] ?? '');
  if (claims === undefined)
    return bad('the claims of the token are not one JSON object with distinct members');
  const claimed = { subject: printable(claims['sub']), issuer: printable(claims['iss']) };
  if (header === undefined) {
    return bad('the header of the token is not one JSON object with distinct members', claimed);
  }
  const complaint = complaintAbout(header, claims);
  return complaint === undefined ? { ok: true, text, claims, claimed } : bad(complaint, claimed);
}

/** Members that would change what the signature or the token means, in ways nothing here looks at. */
function complaintAbout(header: JsonObject, claims: JsonObject): string | undefined {
  for (const member of ['crit', 'b64', 'zip']) {
    if (member in header) return `the token's header has \`${member}\`, which is not accepted`;
  }
  const typ = typeof header['typ'] === 'string' ? header['typ'].toLowerCase() : header['typ'];
  if (!TOKEN_TYPES.has(typ)) {
    return `the token is of type \`${printable(header['typ'])}\`, expected at+jwt or JWT`;
  }
  // A sender-constrained token (RFC 7800) proves nothing without its key, which a password cannot show.
  if ('cnf' in claims) return 'the token is bound to a key (`cnf`), expected a bearer token';
  return undefined;
}

function decodeObject(segment: string): JsonObject | undefined {
  const bytes = Buffer.from(segment, 'base64url');
  // One spelling only: a decoder that ignores stray bits would let two texts be one token.
  if (bytes.toString('base64url') !== segment) return undefined;
  try {
    const json = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const value: unknown = JSON.parse(json);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return hasDuplicateMembers(json) ? undefined : (value as JsonObject);
  } catch {
    // Fail closed: what is not UTF-8 or not JSON is no token.
    return undefined;
  }
}

const bad = (message: string, claimed: Claimed = NOBODY): ReadToken => ({ ok: false, message, claimed });

/** A claimed name for logs: never long, never able to forge a line. */
export function printable(value: unknown): string {
  if (typeof value !== 'string') return '';
  return value.slice(0, CLAIMED_LIMIT_CHARACTERS).replace(/[^\P{C}]/gu, '\u{FFFD}');
}
