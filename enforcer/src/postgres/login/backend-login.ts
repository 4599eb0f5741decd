/**
 * Logs in to a backend with the credential that only the enforcer has, and stops at its first ReadyForQuery.
 * Whatever goes wrong is a `BackendLoginFailure`: its message is for the operator's log; a client only ever
 * learns that the backend is unavailable.
 */
import { createHash, randomBytes } from 'node:crypto';
import { serialize } from 'pg-protocol';
import {
  decodeKeyData,
  decodeParameterStatus,
  decodeReport,
  decodeStatus,
} from '../codec/backend-messages.js';
import { BodyReader } from '../codec/body-reader.js';
import { BACKEND, typeName } from '../codec/message-types.js';
import { isLoopback, type PostgresUpstream } from '../connection.js';
import { ByteSource } from './byte-source.js';
import { openUpstream, type BackendSocket } from './open-upstream.js';
import { SCRAM_SHA_256, checkServerFinal, clientFinal, clientFirst, type ScramProof } from './scram.js';

export interface Backend {
  readonly socket: BackendSocket;
  /** What came after ReadyForQuery; nothing, of a well-behaved backend. */
  readonly rest: Buffer;
  readonly parameters: ReadonlyMap<string, string>;
  readonly processId: number;
  readonly secret: number;
  /** Status byte of its ReadyForQuery. */
  readonly status: number;
}

export class BackendLoginFailure extends Error {
  override readonly name = 'BackendLoginFailure';
}

/** Nothing of a login is as large as this. */
const LOGIN_MESSAGE_LIMIT_BYTES = 64 * 1024;

export async function loginToBackend(
  upstream: PostgresUpstream,
  startup: Readonly<Record<string, string>>,
  timeoutMs: number,
): Promise<Backend> {
  let socket: BackendSocket | undefined;
  let late: NodeJS.Timeout | undefined;
  try {
    const opened = (socket = await openUpstream(upstream, timeoutMs));
    late = setTimeout(() => opened.destroy(), timeoutMs);
    return await new BackendLogin(opened, upstream).run(startup);
  } catch (cause) {
    // Fails closed: without a backend there is no session.
    socket?.destroy();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BackendLoginFailure(reason, { cause });
  } finally {
    clearTimeout(late);
  }
}

interface Reply {
  readonly type: number;
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}

class BackendLogin {
  readonly #source: ByteSource;

  constructor(
    private readonly socket: BackendSocket,
    private readonly upstream: PostgresUpstream,
  ) {
    this.#source = new ByteSource(socket);
  }

  async run(startup: Readonly<Record<string, string>>): Promise<Backend> {
    const { user, database } = this.upstream;
    this.socket.write(serialize.startup({ user, database, ...startup }));
    await this.#authenticate();
    return this.#untilReady();
  }

  async #authenticate(): Promise<void> {
    const reply = await this.#reply(BACKEND.authentication);
    const reader = new BodyReader(reply.buffer, reply.start, reply.end);
    const method = reader.uint32();
    if (method === 0) return;
    if (method === 3) await this.#sendCleartext();
    else if (method === 5) await this.#sendMd5(reader.bytes(4));
    else if (method === 10) await this.#scram(mechanismsOf(reader));
    else throw new BackendLoginFailure(`the backend asks for authentication method ${method}`);
    await this.#expectOk();
  }

  /** Nothing that follows may ask for the password again: after SCRAM it would be a downgrade. */
  async #expectOk(): Promise<void> {
    const reply = await this.#reply(BACKEND.authentication);
    const method = new BodyReader(reply.buffer, reply.start, reply.end).uint32();
    if (method !== 0) throw new BackendLoginFailure('the backend asks for a second authentication');
  }

  async #sendCleartext(): Promise<void> {
    if (this.upstream.tls === 'off' && !isLoopback(this.upstream.host)) {
      throw new BackendLoginFailure('the backend asks for the password in clear without TLS');
    }
    this.socket.write(serialize.password(await this.upstream.password()));
  }

  /** "md5" + md5(hex(md5(password + user)) + salt) */
  async #sendMd5(salt: Buffer): Promise<void> {
    const md5 = (...parts: (string | Buffer)[]): string => {
      const hash = createHash('md5');
      for (const part of parts) hash.update(part);
      return hash.digest('hex');
    };
    const inner = md5(await this.upstream.password(), this.upstream.user);
    this.socket.write(serialize.password(`md5${md5(inner, salt)}`));
  }

  async #scram(mechanisms: readonly string[]): Promise<void> {
    if (!mechanisms.includes(SCRAM_SHA_256)) {
      throw new BackendLoginFailure(`the backend offers ${mechanisms.join(', ')}, not ${SCRAM_SHA_256}`);
    }
    const nonce = randomBytes(18).toString('base64');
    this.socket.write(serialize.sendSASLInitialResponseMessage(SCRAM_SHA_256, clientFirst(nonce)));
    const proof: ScramProof = await clientFinal(
      await this.upstream.password(),
      nonce,
      await this.#saslText(11),
    );
    this.socket.write(serialize.sendSCRAMClientFinalMessage(proof.message));
    checkServerFinal(await this.#saslText(12), proof.serverSignature);
  }

  /** AuthenticationSASLContinue (11) and AuthenticationSASLFinal (12): code u32, text to the end */
  async #saslText(code: number): Promise<string> {
    const reply = await this.#reply(BACKEND.authentication);
    const reader = new BodyReader(reply.buffer, reply.start, reply.end);
    const found = reader.uint32();
    if (found !== code) throw new BackendLoginFailure(`the backend answered SCRAM with code ${found}`);
    return reader.bytes(reader.remaining).toString('utf8');
  }

  async #untilReady(): Promise<Backend> {
    const parameters = new Map<string, string>();
    let key = { processId: 0, secret: 0 };
    for (;;) {
      const reply = await this.#reply();
      if (reply.type === BACKEND.parameterStatus) {
        const { name, value } = decodeParameterStatus(reply);
        parameters.set(name, value);
      } else if (reply.type === BACKEND.backendKeyData) {
        key = decodeKeyData(reply);
      } else if (reply.type === BACKEND.readyForQuery) {
        return {
          socket: this.socket,
          parameters,
          ...key,
          status: decodeStatus(reply),
          rest: this.#source.release(),
        };
      } else if (reply.type !== BACKEND.notice) {
        throw new BackendLoginFailure(`the backend sent \`${typeName(reply.type)}\` while logging in`);
      }
    }
  }

  /** The next message; notices are passed over when one type is expected. */
  async #reply(expected?: number): Promise<Reply> {
    for (;;) {
      const header = await this.#source.read(5);
      const type = header[0] ?? 0;
      const length = header.readUInt32BE(1);
      if (length < 4 || length > LOGIN_MESSAGE_LIMIT_BYTES) {
        throw new BackendLoginFailure(`the backend sent a message of ${length} bytes while logging in`);
      }
      const buffer = await this.#source.read(length - 4);
      const reply = { type, buffer, start: 0, end: buffer.length };
      if (type === BACKEND.error) {
        const fields = decodeReport(reply);
        throw new BackendLoginFailure(`the backend refused: ${fields.get('C')} ${fields.get('M')}`);
      }
      if (expected === undefined || type === expected) return reply;
      if (type !== BACKEND.notice && type !== BACKEND.negotiateVersion) {
        throw new BackendLoginFailure(`the backend sent \`${typeName(type)}\` while logging in`);
      }
    }
  }
}

/** AuthenticationSASL: code u32, (mechanism text)*, 0 */
function mechanismsOf(reader: BodyReader): readonly string[] {
  const mechanisms: string[] = [];
  for (let name = reader.text(); name !== ''; name = reader.text()) mechanisms.push(name);
  return mechanisms;
}
