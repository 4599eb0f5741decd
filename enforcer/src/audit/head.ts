/** The signed checkpoint beside the segments, and the key that signs it. Layout in `format.ts`. */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import fs from 'node:fs';
import { open, rename } from 'node:fs/promises';
import path from 'node:path';
import { OPERATION_ERRORS, SluiceError } from '@sluice/schemas';
import { HEAD_FILE, HEAD_KEY_FILE, HEAD_PUBLIC_KEY_FILE, type ChainEnd } from './format.js';

export interface Head extends ChainEnd {
  /** RFC 3339. */
  readonly time: string;
}

const HEAD =
  /^\{"seq":"(0|[1-9]\d{0,15})","hash":"([0-9a-f]{64})","time":"([0-9TZ:.+-]{20,35})","signature":"([\w+/=]{88})"\}\n$/;

const signedBytes = (head: Head): Buffer =>
  Buffer.from(`sluice audit head v1\n${head.seq}\n${head.hash}\n${head.time}\n`);

/** Synced before it takes the place of the old one: a power cut leaves one or the other. */
export async function writeHead(dir: string, head: Head, key: KeyObject): Promise<void> {
  const signature = sign(null, signedBytes(head), key).toString('base64');
  const line = `{"seq":"${head.seq}","hash":"${head.hash}","time":"${head.time}","signature":"${signature}"}\n`;
  const file = path.join(dir, HEAD_FILE);
  const handle = await open(`${file}.next`, 'w', 0o600);
  try {
    await handle.writeFile(line);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.next`, file);
}

export type HeadReading =
  { readonly ok: true; readonly head: Head } | { readonly ok: false; readonly message: string };

export function readHead(dir: string, key: KeyObject): HeadReading {
  let text: string;
  try {
    text = fs.readFileSync(path.join(dir, HEAD_FILE), 'utf8');
  } catch {
    // Fail closed: a log without a head could have lost its end.
    return { ok: false, message: 'the signed head is missing: records may have been dropped from the end' };
  }
  const [, seq, hash = '', time = '', signature = ''] = HEAD.exec(text) ?? [];
  if (seq === undefined)
    return { ok: false, message: 'the signed head was changed: it is not in the form of a head' };
  const head = { seq: Number(seq), hash, time };
  if (!verify(null, signedBytes(head), key, Buffer.from(signature, 'base64'))) {
    return { ok: false, message: 'the signed head was changed: its signature does not match' };
  }
  return { ok: true, head };
}

/** Made on the first start. A log whose key is gone cannot go on as if nothing had happened. */
export function openSigningKey(dir: string, mayCreate: boolean): KeyObject {
  const file = path.join(dir, HEAD_KEY_FILE);
  if (!fs.existsSync(file)) {
    if (!mayCreate) {
      throw new SluiceError(
        OPERATION_ERRORS.audit_damaged,
        `the key of the audit log, \`${file}\`, is missing`,
      );
    }
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    fs.writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), {
      mode: 0o600,
      flag: 'wx',
      flush: true,
    });
    fs.writeFileSync(path.join(dir, HEAD_PUBLIC_KEY_FILE), publicKey.export({ type: 'spki', format: 'pem' }));
    return privateKey;
  }
  try {
    const key = createPrivateKey(fs.readFileSync(file));
    if (key.asymmetricKeyType !== 'ed25519') throw new Error('expected an Ed25519 key');
    return key;
  } catch (cause) {
    // Fail closed: heads that nobody could verify are not written.
    throw new SluiceError(
      OPERATION_ERRORS.audit_damaged,
      `the key of the audit log, \`${file}\`, cannot be used`,
      { cause },
    );
  }
}

/** The public key to verify a log by: one kept elsewhere proves more than the one beside the log. */
export function readVerifyingKey(file: string): KeyObject {
  try {
    const key = createPublicKey(fs.readFileSync(file));
    if (key.asymmetricKeyType !== 'ed25519') throw new Error('expected an Ed25519 key');
    return key;
  } catch (cause) {
    // Fail closed: without a key nothing can be verified.
    throw new SluiceError(
      OPERATION_ERRORS.config_unreadable,
      `\`${file}\` cannot be read as a public key, expected an Ed25519 key in PEM`,
      { cause },
    );
  }
}
