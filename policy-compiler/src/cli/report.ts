/** How commands answer: findings for people with excerpts, or one JSON object for programs. */
import { isAbsolute, relative, resolve } from 'node:path';
import { AUTHORING_ERRORS, SluiceError } from '@sluice/schemas';
import {
  diagnoseFile,
  hasErrors,
  renderDiagnostics,
  summarize,
  type Diagnostic,
} from '@sluice/schemas/diagnostics';
import type { ExitCode, Io } from './io.js';

export interface OutputOptions {
  readonly json?: boolean;
}

/** A file of the repository as seen from the working directory, so that a terminal can open it at a click. */
export function shownFile(io: Io, root: string, file: string): string {
  const prefix = relative(io.cwd, resolve(io.cwd, root)).replaceAll('\\', '/');
  if (!file || !prefix || isAbsolute(prefix)) return file;
  return /\.ya?ml$/.test(prefix) ? prefix : `${prefix}/${file}`;
}

export const seenFrom = (io: Io, root: string, diagnostics: readonly Diagnostic[]): Diagnostic[] =>
  diagnostics.map((diagnostic) => ({ ...diagnostic, file: shownFile(io, root, diagnostic.file) }));

/** More than this nobody reads; errors come first where not all are shown. */
const SHOWN_LIMIT = 100;

export function printFindings(io: Io, diagnostics: readonly Diagnostic[]): void {
  if (diagnostics.length === 0) return;
  const inOrder =
    diagnostics.length > SHOWN_LIMIT
      ? diagnostics.toSorted((a, b) => Number(a.severity === 'warning') - Number(b.severity === 'warning'))
      : diagnostics;
  const text = renderDiagnostics(inOrder.slice(0, SHOWN_LIMIT), { colour: io.colour });
  const more = diagnostics.length - SHOWN_LIMIT;
  const rest = more > 0 ? `, of which ${more} are not shown; \`--json\` prints all` : '';
  io.stderr(`${text}\n\n${summarize(diagnostics)}${rest}\n`);
}

export function printJson(io: Io, value: object): void {
  const text = JSON.stringify(value, (_, entry: unknown) =>
    typeof entry === 'bigint' ? Number(entry) : entry instanceof Map ? Object.fromEntries(entry) : entry,
  );
  io.stdout(`${text}\n`);
}

/** The end of a command that could not do its work because of what it found. */
export function fail(
  io: Io,
  options: OutputOptions,
  root: string,
  diagnostics: readonly Diagnostic[],
): ExitCode {
  const shown = seenFrom(io, root, diagnostics);
  if (options.json) printJson(io, { ok: false, diagnostics: shown });
  else printFindings(io, shown);
  return hasErrors(diagnostics) ? 1 : 0;
}

/** One finding that concerns a file named on the command line, or none. */
export function failWith(io: Io, options: OutputOptions, error: SluiceError, file = ''): ExitCode {
  const diagnostic = diagnoseFile({ ...error.definition, severity: 'error' }, file, error.message);
  const exitCode = fail(io, options, '', [diagnostic]);
  return error.definition === AUTHORING_ERRORS.usage ? 2 : exitCode;
}

/** Errors that no command foresaw: their message, never their stack. */
export function failUnexpectedly(io: Io, options: OutputOptions, error: unknown): ExitCode {
  if (error instanceof SluiceError) return failWith(io, options, error);
  const { code, path } = error as NodeJS.ErrnoException;
  const message = error instanceof Error ? error.message.replace(/^\w+: /, '').split('\n')[0] : String(error);
  const definition = code === undefined ? AUTHORING_ERRORS.command_failed : AUTHORING_ERRORS.unreadable_file;
  return failWith(io, options, new SluiceError(definition, message ?? ''), path ?? '');
}
