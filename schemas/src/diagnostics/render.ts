/** Findings as people read them in a terminal: place, code, message, the line with a caret, the way out. */
import type { Diagnostic } from './diagnostic.js';

export interface RenderOptions {
  readonly colour: boolean;
}

/** Longest part of a source line that is shown. */
const LINE_LIMIT = 160;

export function renderDiagnostic(diagnostic: Diagnostic, options: RenderOptions): string {
  const paint = painter(options.colour);
  const { severity, code, line } = diagnostic;
  const [message, help] = [visible(diagnostic.message), visible(diagnostic.help)];
  const shade = severity === 'error' ? 'red' : 'yellow';
  const lines = [`${placeOf(diagnostic)}${paint(shade, `${severity} ${code}`)} ${paint('bold', message)}`];
  if (line > 0) lines.push(...excerpt(diagnostic, (text) => paint(shade, text)));
  if (help) lines.push(`  ${paint('cyan', 'help:')} ${help}`);
  return lines.join('\n');
}

export function renderDiagnostics(diagnostics: readonly Diagnostic[], options: RenderOptions): string {
  return diagnostics.map((diagnostic) => renderDiagnostic(diagnostic, options)).join('\n\n');
}

/** "2 errors, 1 warning". */
export function summarize(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  return `${count(errors, 'error')}, ${count(diagnostics.length - errors, 'warning')}`;
}

export const count = (many: number, thing: string): string => `${many} ${thing}${many === 1 ? '' : 's'}`;

/** A policy may hold anything: what would steer a terminal or turn the direction of text is shown as a box. */
export const visible = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (sign) => (sign === '\t' ? sign : '\u25af'));

function placeOf({ file: name, line, column }: Diagnostic): string {
  const file = visible(name);
  if (!file) return '';
  return line > 0 ? `${file}:${line}:${column} ` : `${file} `;
}

function excerpt(diagnostic: Diagnostic, paintCaret: (text: string) => string): string[] {
  const { line, column, length, text } = diagnostic;
  const gutter = String(line);
  const from = column > LINE_LIMIT ? column - 40 : 0;
  const shown = visible(text.slice(from, from + LINE_LIMIT));
  // A tab before the caret is kept, so that the caret stands below its character at any tab width.
  const indent = shown.slice(0, column - 1 - from).replace(/[^\t]/g, ' ');
  const caret = '^'.repeat(Math.max(1, Math.min(length, shown.length - indent.length)));
  const blank = ' '.repeat(gutter.length);
  return [`  ${gutter} | ${shown}`, `  ${blank} | ${indent}${paintCaret(caret)}`];
}

const CODES = { red: 31, yellow: 33, cyan: 36, green: 32, bold: 1, dim: 2 } as const;
export type Shade = keyof typeof CODES;

export const painter =
  (colour: boolean) =>
  (shade: Shade, text: string): string =>
    colour ? `\u001b[${CODES[shade]}m${text}\u001b[0m` : text;
