/** `sluice sign`: puts signatures on a bundle that was built elsewhere, or more beside those it has. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { count } from '@sluice/schemas/diagnostics';
import { cosignBundle, signBundle } from '../../bundle/index.js';
import { readJsonFile, writeWhole } from '../files.js';
import type { ExitCode, Io } from '../io.js';
import { printJson, type OutputOptions } from '../report.js';
import { expiryOf } from './build.js';

export interface SignOptions extends OutputOptions {
  readonly key: readonly string[];
  readonly out?: string;
  readonly expires: string;
  readonly cosign: boolean;
}

export async function sign(io: Io, file: string, options: SignOptions): Promise<ExitCode> {
  const expiresSeconds = expiryOf(options.expires);
  const keys = await Promise.all(options.key.map((key) => readJsonFile(resolve(io.cwd, key))));
  const bytes = await readFile(resolve(io.cwd, file));
  const signed = options.cosign
    ? await cosignBundle(bytes, keys)
    : await signBundle(bytes, keys, { expiresSeconds, nowMs: io.nowMs() });
  const out = options.out ?? file;
  await writeWhole(resolve(io.cwd, out), signed);
  if (options.json) printJson(io, { ok: true, file: out, bytes: signed.length, keys: keys.length });
  else io.stdout(`${out}: signed with ${count(keys.length, 'key')}\n`);
  return 0;
}
