/**
 * A real OpenID Connect issuer on loopback: `oidc-provider` with the client credentials grant. Each subject is a
 * client of its own, as machine identities are at real issuers; a resource indicator asks for a JWT access token
 * with an audience of its own, and the groups travel in the claim `groups`.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider, type Adapter, type AdapterPayload, type Configuration, type JWK } from 'oidc-provider';

export interface TokenRequest {
  readonly subject: string;
  readonly groups: readonly string[];
  /** `sluice` unless said otherwise. */
  readonly audience?: string;
  readonly expiresInSeconds?: number;
  /** Further claims, for tests of what must be refused. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

export interface TestIssuer {
  /** The issuer's URL, which is also its `iss`. */
  readonly issuer: string;
  token(request: TokenRequest): Promise<string>;
  /** Signs with a new key from now on; the old one stays published unless `retire` is set. */
  rotateKeys(options?: { readonly retire?: boolean }): void;
  stop(): Promise<void>;
}

export async function startIssuer(options: { readonly port?: number } = {}): Promise<TestIssuer> {
  const asked = new Map<string, TokenRequest>();
  let keys = [newSigningKey()];
  let handler: (request: IncomingMessage, response: ServerResponse) => unknown = () => undefined;
  const server = createServer((request, response) => void handler(request, response));
  await listen(server, options.port ?? 0);
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const secret = randomBytes(24).toString('hex');
  const serve = (): void => {
    handler = new Provider(issuer, configuration(keys, secret, asked)).callback();
  };
  serve();
  return {
    issuer,
    token: (request) => requestToken(issuer, secret, request, asked),
    rotateKeys({ retire = false } = {}) {
      keys = [newSigningKey(), ...(retire ? [] : keys)];
      serve();
    },
    stop: () => close(server),
  };
}

function configuration(
  keys: readonly JWK[],
  secret: string,
  asked: ReadonlyMap<string, TokenRequest>,
): Configuration {
  return {
    jwks: { keys: [...keys] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    cookies: { keys: [secret] },
    ttl: { ClientCredentials: (_context, token) => token.resourceServer?.accessTokenTTL ?? 3600 },
    adapter: clientsOnly(secret),
    clientAuthMethods: ['client_secret_post'],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => {
          const request = asked.get(resource);
          return {
            scope: '',
            audience: request?.audience ?? 'sluice',
            accessTokenTTL: request?.expiresInSeconds ?? 3600,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: 'ES256' } },
          };
        },
      },
    },
    extraTokenClaims: (context) => {
      const request = asked.get(String(context.oidc.params?.['resource']));
      return request && { groups: request.groups, ...request.claims };
    },
  };
}

/** Every name is a client with the one secret: the issuer lives as long as one test. Tokens are JWTs, never stored. */
function clientsOnly(secret: string): (name: string) => Adapter {
  const nothing = (): Promise<undefined> => Promise.resolve(undefined);
  return (name) => ({
    upsert: nothing,
    find: (id) => Promise.resolve(name === 'Client' ? client(id, secret) : undefined),
    findByUserCode: nothing,
    findByUid: nothing,
    consume: nothing,
    destroy: nothing,
    revokeByGrantId: nothing,
  });
}

const client = (id: string, secret: string): AdapterPayload => ({
  client_id: id,
  client_secret: secret,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  token_endpoint_auth_method: 'client_secret_post',
});

async function requestToken(
  issuer: string,
  secret: string,
  request: TokenRequest,
  asked: Map<string, TokenRequest>,
): Promise<string> {
  const resource = `urn:sluice:${randomBytes(8).toString('hex')}`;
  asked.set(resource, request);
  try {
    const response = await fetch(`${issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: request.subject,
        client_secret: secret,
        resource,
      }),
    });
    const answer = (await response.json()) as { readonly access_token?: string };
    if (answer.access_token === undefined) throw new Error(`no token: ${JSON.stringify(answer)}`);
    return answer.access_token;
  } finally {
    asked.delete(resource);
  }
}

function newSigningKey(): JWK {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = randomBytes(8).toString('hex');
  return { ...privateKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' };
}

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
