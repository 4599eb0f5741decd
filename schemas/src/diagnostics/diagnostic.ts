import type { ErrorDefinition } from '../errors/index.js';
import type { Origin } from './source-text.js';

export type Severity = 'error' | 'warning';

/** One finding, plain enough to be printed as JSON: what, how bad, where, and the way out. */
export interface Diagnostic {
  readonly code: string;
  readonly name: string;
  readonly severity: Severity;
  readonly message: string;
  readonly help: string;
  /** Empty when the finding is about no file. */
  readonly file: string;
  /** From 1; 0 when the finding is about no place in a file. */
  readonly line: number;
  readonly column: number;
  /** How many characters of the line are meant, at least 1. */
  readonly length: number;
  /** The line as written. */
  readonly text: string;
}

/** A finding at a place in a file. `help` replaces the general way out of the table where it knows better. */
export function diagnose(
  definition: ErrorDefinition,
  origin: Origin,
  message: string,
  help: string = definition.help,
): Diagnostic {
  const { line, column } = origin.source.positionAt(origin.start);
  const text = origin.source.lineText(line);
  const length = Math.max(1, Math.min(origin.end - origin.start, text.length - column + 1));
  const file = origin.source.file;
  return { ...head(definition), message, help, file, line, column, length, text };
}

/** A finding about a file as a whole, or, without one, about the repository or the command. */
export function diagnoseFile(
  definition: ErrorDefinition,
  file: string,
  message: string,
  help: string = definition.help,
): Diagnostic {
  return { ...head(definition), message, help, file, line: 0, column: 0, length: 1, text: '' };
}

const head = (definition: ErrorDefinition): Pick<Diagnostic, 'code' | 'name' | 'severity'> => ({
  code: definition.code,
  name: definition.name,
  severity: definition.severity ?? 'error',
});

export const hasErrors = (diagnostics: readonly Diagnostic[]): boolean =>
  diagnostics.some((diagnostic) => diagnostic.severity === 'error');

/** By file, then place, then code: the same findings always print in the same order. */
export function sorted(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...diagnostics].sort(
    (a, b) =>
      compare(a.file, b.file) ||
      a.line - b.line ||
      a.column - b.column ||
      compare(a.code, b.code) ||
      compare(a.message, b.message),
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
