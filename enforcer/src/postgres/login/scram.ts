/**
 * The client's side of SCRAM-SHA-256 (RFC 5802, RFC 7677). Pure but for the nonce it is given. The server has to
 * prove that it knows the password too: an impostor learns nothing it could log in with.
 */
import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

export const SCRAM_SHA_256 = 'SCRAM-SHA-256';

/** RFC 7677 section 4: at least 4096. Above the cap a hostile server could keep this machine busy for long. */
const LEAST_ITERATIONS = 4096;
const MOST_ITERATIONS = 1_000_000;
/** `n`: this client does not bind channels. Base64 of `n,,` is what `c=` repeats. */
const GS2_HEADER = 'n,,';

const derive = promisify(pbkdf2);

export class ScramFailure extends Error {
  override readonly name = 'ScramFailure';
}

export interface ScramProof {
  /** client-final-message */
  readonly message: string;
  /** Base64 of what the server has to answer. */
  readonly serverSignature: string;
}

/** client-first-message-bare; PostgreSQL takes the user from the startup packet. */
const firstBare = (nonce: string): string => `n=*,r=${nonce}`;

export const clientFirst = (nonce: string): string => GS2_HEADER + firstBare(nonce);

/** server-first-message: `r=` nonce, `s=` salt, `i=` iterations */
export async function clientFinal(password: string, nonce: string, serverFirst: string): Promise<ScramProof> {
  const attributes = attributesOf(serverFirst);
  const serverNonce = attributes.get('r') ?? '';
  const salt = Buffer.from(attributes.get('s') ?? '', 'base64');
  const iterations = Number(attributes.get('i'));
  if (!serverNonce.startsWith(nonce) || serverNonce.length === nonce.length) {
    throw new ScramFailure('the server did not extend the nonce');
  }
  if (salt.length === 0) throw new ScramFailure('the server sent no salt');
  if (!Number.isInteger(iterations) || iterations < LEAST_ITERATIONS || iterations > MOST_ITERATIONS) {
    throw new ScramFailure(`the server asks for ${iterations} iterations`);
  }
  const salted = await derive(prepared(password), salt, iterations, 32, 'sha256');
  const clientKey = hmac(salted, 'Client Key');
  const storedKey = createHash('sha256').update(clientKey).digest();
  const withoutProof = `c=${Buffer.from(GS2_HEADER).toString('base64')},r=${serverNonce}`;
  const authMessage = `${firstBare(nonce)},${serverFirst},${withoutProof}`;
  const proof = xor(clientKey, hmac(storedKey, authMessage));
  return {
    message: `${withoutProof},p=${proof.toString('base64')}`,
    serverSignature: hmac(hmac(salted, 'Server Key'), authMessage).toString('base64'),
  };
}

/** server-final-message: `v=` signature */
export function checkServerFinal(serverFinal: string, expected: string): void {
  const given = Buffer.from(attributesOf(serverFinal).get('v') ?? '', 'base64');
  const wanted = Buffer.from(expected, 'base64');
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    throw new ScramFailure('the server could not prove that it knows the password');
  }
}

function attributesOf(text: string): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  for (const part of text.split(',')) {
    const [name, value] = [part.slice(0, 1), part.slice(2)];
    // An extension (`m=`) is mandatory to understand: RFC 5802 section 5.1.
    if (part[1] !== '=' || name === 'm' || attributes.has(name)) {
      throw new ScramFailure('the server sent a malformed message');
    }
    attributes.set(name, value);
  }
  return attributes;
}

/** SASLprep (RFC 4013) as far as it matters here: other spaces become a space, then NFKC. */
const prepared = (password: string): string =>
  password.replaceAll(/[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g, ' ').normalize('NFKC');

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const xor = (a: Buffer, b: Buffer): Buffer => Buffer.from(a.map((value, index) => value ^ (b[index] ?? 0)));
