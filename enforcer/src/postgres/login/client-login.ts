/**
 * The client's way in: (SSLRequest, TLS)? StartupMessage, password. The password is a token; who the client is
 * comes from the token alone, the user name it gives is not looked at. A client that breaks the protocol before
 * it is known to speak it gets a FATAL and a closed connection.
 */
import type { Socket } from 'node:net';
import { TLSSocket, type SecureContext } from 'node:tls';
import { REQUEST_ERRORS, type ErrorDefinition } from '@sluice/schemas';
import type { Authenticator, Principal } from '../../pipeline/index.js';
import { BodyReader, MalformedBody } from '../codec/body-reader.js';
import { FRONTEND } from '../codec/message-types.js';
import { authenticationCleartext, negotiateVersion } from '../codec/message-writer.js';
import { decodeStartup, startupLength, type StartupPacket } from '../codec/startup-packet.js';
import { isLoopback } from '../connection.js';
import { PASSWORD_LIMIT_BYTES } from '../limits.js';
import { ByteSource } from './byte-source.js';
import type { CancelKey } from './cancel.js';
import { readStartupParameters, type StartupRequest } from './startup-parameters.js';

export type ClientSocket = Socket | TLSSocket;

/** Why a client does not get in. `message` is for the records; the client reads `told`. */
export class RefusedLogin extends Error {
  override readonly name = 'RefusedLogin';

  constructor(
    readonly definition: ErrorDefinition,
    message: string,
    readonly told: string = message,
    readonly claims: { readonly subject: string; readonly issuer: string } = { subject: '', issuer: '' },
    readonly database: string = '',
  ) {
    super(message);
  }
}

export type ClientLogin =
  | { readonly kind: 'cancel'; readonly key: CancelKey }
  | {
      readonly kind: 'client';
      readonly principal: Principal;
      readonly startup: StartupRequest;
      readonly source: ByteSource;
    };

/** Holds the socket that answers go to: it changes when TLS begins. */
export interface ClientWire {
  socket: ClientSocket;
}

export async function loginClient(
  wire: ClientWire,
  tls: SecureContext | undefined,
  authenticator: Authenticator,
): Promise<ClientLogin> {
  let source = new ByteSource(wire.socket);
  let encrypted = false;
  for (let asked = 0; ; asked++) {
    const packet = await readStartup(source);
    if (packet.kind === 'cancel') return { kind: 'cancel', key: packet };
    if (packet.kind === 'startup') return authenticate(wire, source, packet, encrypted, authenticator);
    // One request for TLS and one for GSS is what clients send; more is a loop.
    if (asked >= 2 || encrypted) throw broken('the client asked for encryption again');
    if (packet.kind === 'gssenc' || tls === undefined) {
      wire.socket.write('N');
      continue;
    }
    // What came before the handshake was not encrypted and must not be taken for what comes after it.
    if (source.pendingBytes > 0) throw broken('the client sent bytes before the TLS handshake');
    source.release();
    wire.socket.write('S');
    wire.socket = await startTls(wire.socket, tls);
    source = new ByteSource(wire.socket);
    encrypted = true;
  }
}

function startTls(socket: Socket, secureContext: SecureContext): Promise<TLSSocket> {
  const secured = new TLSSocket(socket, { isServer: true, secureContext });
  return new Promise((resolve, reject) => {
    const failed = (): void => reject(broken('the TLS handshake failed'));
    secured.once('error', failed);
    secured.once('close', failed);
    secured.once('secure', () => {
      secured.off('close', failed);
      secured.off('error', failed);
      secured.on('error', () => undefined); // between two owners an error must not end the process
      resolve(secured);
    });
  });
}

async function readStartup(source: ByteSource): Promise<StartupPacket> {
  const length = startupLength(await source.read(4));
  if (length === undefined) throw broken('the first message has an impossible length');
  return decoded(await source.read(length - 4), decodeStartup);
}

async function authenticate(
  wire: ClientWire,
  source: ByteSource,
  packet: Extract<StartupPacket, { kind: 'startup' }>,
  encrypted: boolean,
  authenticator: Authenticator,
): Promise<ClientLogin> {
  const outcome = readStartupParameters(packet.parameters);
  if (!outcome.ok) throw new RefusedLogin(REQUEST_ERRORS.unsupported, outcome.message);
  const startup = outcome.request;
  if (!encrypted && !isLoopback(wire.socket.remoteAddress ?? '')) {
    const message = 'the password is a token: connect with TLS (`sslmode=require`)';
    throw new RefusedLogin(REQUEST_ERRORS.unauthenticated, message, message, undefined, startup.database);
  }
  if (packet.minor > 0 || startup.unknownOptions.length > 0) {
    wire.socket.write(negotiateVersion(0, startup.unknownOptions));
  }
  wire.socket.write(authenticationCleartext());
  const answer = await authenticator.authenticate(await readPassword(source));
  if (!answer.ok) {
    const claims = { subject: answer.claimedSubject, issuer: answer.claimedIssuer };
    throw new RefusedLogin(answer.error, answer.message, answer.error.title, claims, startup.database);
  }
  return { kind: 'client', principal: answer.principal, startup, source };
}

/** PasswordMessage: 'p', length i32, text */
async function readPassword(source: ByteSource): Promise<string> {
  const header = await source.read(5);
  if (header[0] !== FRONTEND.password) throw broken('the client sent something else than a password');
  const length = header.readUInt32BE(1);
  if (length < 5 || length > PASSWORD_LIMIT_BYTES) throw broken('the password has an impossible length');
  return decoded(await source.read(length - 4), (body) => {
    const reader = new BodyReader(body, 0, body.length);
    const token = reader.text();
    reader.done();
    return token;
  });
}

function decoded<T>(body: Buffer, decode: (body: Buffer) => T): T {
  try {
    return decode(body);
  } catch (cause) {
    // Fails closed: what cannot be read is not guessed at.
    if (cause instanceof MalformedBody) throw broken(cause.message);
    throw cause;
  }
}

const broken = (message: string): RefusedLogin =>
  new RefusedLogin(REQUEST_ERRORS.protocol_violation, message);
