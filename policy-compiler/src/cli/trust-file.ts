/** Trust documents as files: strict YAML first, then the engine's own check, which alone mints a `Trust`. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseTrust, type Trust } from '@sluice/engine';
import { AUTHORING_ERRORS, SluiceError } from '@sluice/schemas';
import { readDocument } from '@sluice/schemas/documents';
import type { Io } from './io.js';

export async function readTrust(io: Io, file: string): Promise<Trust> {
  const read = readDocument(file, await readFile(resolve(io.cwd, file)), 'Trust');
  if (!read.ok) {
    const [finding] = read.diagnostics;
    const place = finding === undefined || finding.line === 0 ? '' : `:${finding.line}:${finding.column}`;
    throw new SluiceError(AUTHORING_ERRORS.malformed_value, `\`${file}\`${place} ${finding?.message ?? ''}`);
  }
  const trust = await parseTrust(read.document.value);
  if (!trust.ok) throw new SluiceError(trust.error, trust.message);
  return trust.value;
}
