/** `sluice keygen`: a signing key for the publisher, a trust document for the enforcers. */
import { resolve } from 'node:path';
import { generateKey } from '../../bundle/index.js';
import type { ExitCode, Io } from '../io.js';
import { writeNew } from '../files.js';
import { printJson, type OutputOptions } from '../report.js';

export interface KeygenOptions extends OutputOptions {
  readonly out: string;
  readonly trust: string;
  readonly algorithm: 'EdDSA' | 'ES256';
  readonly audience: string;
  readonly issuer: string;
}

const OWNER_ONLY = 0o600;

export async function keygen(io: Io, options: KeygenOptions): Promise<ExitCode> {
  const { kid, algorithm, privateJwk, publicJwk } = generateKey(options.algorithm);
  const members = Object.entries(publicJwk).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  const trust = [
    'apiVersion: sluice/v1',
    'kind: Trust',
    'metadata:',
    `  name: trust`,
    'spec:',
    `  issuer: ${JSON.stringify(options.issuer)}`,
    `  audience: ${JSON.stringify(options.audience)}`,
    '  threshold: 1',
    '  keys:',
    `    - kid: ${JSON.stringify(kid)}`,
    `      algorithm: ${algorithm}`,
    `      publicKey: { ${members.join(', ')} }`,
    '',
  ].join('\n');
  await writeNew(resolve(io.cwd, options.out), `${JSON.stringify(privateJwk)}\n`, OWNER_ONLY);
  await writeNew(resolve(io.cwd, options.trust), trust);
  if (options.json) printJson(io, { ok: true, kid, algorithm, key: options.out, trust: options.trust });
  else {
    io.stdout(`${options.out}: private key ${kid}; keep it secret, it signs bundles\n`);
    io.stdout(`${options.trust}: trust document for enforcers, audience \`${options.audience}\`\n`);
  }
  return 0;
}
