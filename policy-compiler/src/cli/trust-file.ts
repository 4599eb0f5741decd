/** Trust documents as files: strict YAML first, then the engine's own check, which alone mints a `Trust`. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseTrust, type Trust } from '@sluice/engine';
import { AUTHORING_ERRORS, SluiceError } from '@sluice/schemas';
import { readDocuments } from '../documents/read-documents.js';
import type { Io } from './io.js';

export async function readTrust(io: Io, file: string): Promise<Trust> {
  const { documents, diagnostics } = readDocuments(file, await readFile(resolve(io.cwd, file)));
  const [finding] = diagnostics;
  const [document] = documents;
  if (finding)
    throw new SluiceError(
      AUTHORING_ERRORS.malformed_value,
      `\`${file}\`:${finding.line}:${finding.column} ${finding.message}`,
    );
  if (documents.length !== 1 || document?.value.kind !== 'Trust') {
    throw new SluiceError(AUTHORING_ERRORS.unknown_kind, `\`${file}\` must hold one document of kind Trust`);
  }
  const trust = await parseTrust(document.value);
  if (!trust.ok) throw new SluiceError(trust.error, trust.message);
  return trust.value;
}
