/** A file that the enforcer is configured by: one document of one kind, or everything that is wrong with it. */
import fs from 'node:fs';
import { OPERATION_ERRORS, SluiceError } from '@sluice/schemas';
import { count, renderDiagnostics, sorted, type Diagnostic } from '@sluice/schemas/diagnostics';
import { readDocument, type DocumentOf, type Kind, type Read } from '@sluice/schemas/documents';
import { hideSecrets } from './hide-secrets.js';

export function readConfigFile<K extends Kind>(file: string, kind: K): Read<DocumentOf<K>> {
  const bytes = readBytes(file);
  const read = readDocument(file, bytes, kind);
  if (read.ok) return read.document;
  throw configError(file, bytes.toString('utf8'), read.diagnostics);
}

/** Every finding of a file in one error, as `sluice check` shows them, but for secrets. */
export function configError(file: string, text: string, findings: readonly Diagnostic[]): SluiceError {
  const lines = text.split('\n');
  const shown = sorted(findings).map((finding) => hideSecrets(finding, lines));
  const message = `\`${file}\` has ${count(shown.length, 'mistake')}\n\n${renderDiagnostics(shown, { colour: false })}`;
  return new SluiceError(OPERATION_ERRORS.config_invalid, message);
}

function readBytes(file: string): Buffer {
  try {
    return fs.readFileSync(file);
  } catch (cause) {
    // Fail closed: nothing starts without its configuration.
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable';
    const message = `\`${file}\` cannot be read (${why})`;
    throw new SluiceError(OPERATION_ERRORS.config_unreadable, message, { cause });
  }
}
