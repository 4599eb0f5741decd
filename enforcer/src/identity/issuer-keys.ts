/** The public keys of one issuer: found through its discovery document, cached, and fetched again on rotation. */
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';

export type Fetch = typeof globalThis.fetch;

/** The issuer could not be asked: not the fault of the token. */
export class IssuerUnavailable extends Error {}

export interface IssuerKeysOptions {
  readonly issuer: string;
  /** Where the keys are, when the issuer has no discovery document. */
  readonly jwksUri?: string | undefined;
  readonly fetch: Fetch;
  /** Shortest time between two fetches that unknown key ids can cause. */
  readonly coolDownMs: number;
}

const DOCUMENT_LIMIT_BYTES = 262_144;
const TIMEOUT_MS = 5_000;
/** A key that the issuer withdrew is believed at most this long. */
const KEYS_MAX_AGE_MS = 600_000;

export function issuerKeys(options: IssuerKeysOptions): JWTVerifyGetKey {
  const ask = withPause(options);
  let keys: Promise<JWTVerifyGetKey> | undefined;
  const open = async (): Promise<JWTVerifyGetKey> => {
    const uri = options.jwksUri ?? (await discover(options.issuer, ask));
    return createRemoteJWKSet(fetchable(uri), {
      cooldownDuration: options.coolDownMs,
      cacheMaxAge: KEYS_MAX_AGE_MS,
      timeoutDuration: TIMEOUT_MS,
      [customFetch]: (url) => ask(new URL(url)),
    });
  };
  return async (header, token) => {
    // Fail closed: no key, no principal. Only a failed discovery is forgotten; keys once found stay for others.
    keys ??= open().catch((cause: unknown) => {
      keys = undefined;
      throw cause;
    });
    return (await keys)(header, token);
  };
}

/** OpenID Connect Discovery 1.0 section 4.3: the document must name exactly the issuer it was asked for. */
async function discover(issuer: string, ask: (url: URL) => Promise<Response>): Promise<string> {
  const url = fetchable(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  const document: unknown = await (await ask(url)).json().catch((cause: unknown) => {
    // Fail closed: a discovery document that is no JSON names no keys.
    throw new IssuerUnavailable(`the discovery document of \`${issuer}\` is not JSON`, { cause });
  });
  if (typeof document !== 'object' || document === null) {
    throw new IssuerUnavailable(`the discovery document of \`${issuer}\` is not an object`);
  }
  const { issuer: named, jwks_uri: uri } = document as Readonly<Record<string, unknown>>;
  if (named !== issuer) {
    throw new IssuerUnavailable(
      `the discovery document of \`${issuer}\` names another issuer: \`${String(named)}\``,
    );
  }
  if (typeof uri !== 'string') throw new IssuerUnavailable(`\`${issuer}\` has no \`jwks_uri\``);
  return uri;
}

/** Keys fetched in the clear could be anybody's; on loopback there is nobody in between. */
export function fetchable(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const loopback = url !== undefined && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && loopback)) return url;
  throw new IssuerUnavailable(`\`${text}\` is not an https address`);
}

/** Asks once; after a failure, everybody who comes within the cool-down is told of the same failure. */
function withPause(options: IssuerKeysOptions): (url: URL) => Promise<Response> {
  let failed: { readonly error: IssuerUnavailable; readonly untilMs: number } | undefined;
  return async (url) => {
    if (failed !== undefined && performance.now() < failed.untilMs) throw failed.error;
    try {
      const answer = await fetchDocument(url, options.fetch);
      failed = undefined;
      return answer;
    } catch (cause) {
      // Fail closed: nobody is let in while the issuer cannot be asked.
      const why = cause instanceof Error ? cause.message : String(cause);
      const error = new IssuerUnavailable(`the keys of \`${options.issuer}\` cannot be fetched: ${why}`, {
        cause,
      });
      failed = { error, untilMs: performance.now() + Math.min(options.coolDownMs, 2_000) };
      throw error;
    }
  };
}

async function fetchDocument(url: URL, fetch: Fetch): Promise<Response> {
  const response = await fetch(url, {
    redirect: 'error',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.status !== 200) throw new Error(`${url.href} answered ${response.status}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > DOCUMENT_LIMIT_BYTES) throw new Error(`${url.href} answered more than 256 KiB`);
    chunks.push(chunk);
  }
  return new Response(Buffer.concat(chunks));
}
