/** Characters that make a text look other than it is, found before anything is parsed. */
import { AUTHORING_ERRORS } from '../errors/index.js';
import { diagnose, type Diagnostic } from '../diagnostics/diagnostic.js';
import type { SourceText } from '../diagnostics/source-text.js';

/**
 * Byte order mark, control characters but tab and line breaks, lone surrogates, the line and paragraph
 * separators, and the marks that turn the direction of text (as in "Trojan source", CVE-2021-42574).
 */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const FAULTY =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|\r(?!\n)/g;

const FAULTY_ONCE = new RegExp(FAULTY.source);

/** For values written with escapes, which the source text does not show. */
export const hasFaultyCharacter = (value: string): boolean => FAULTY_ONCE.test(value);

const ISSUE_LIMIT = 20;

export function findFaultyCharacters(source: SourceText): Diagnostic[] {
  const issues: Diagnostic[] = [];
  for (const match of source.text.matchAll(FAULTY)) {
    const code = (match[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    const origin = { source, start: match.index, end: match.index + 1 };
    const what = code === 'FEFF' ? 'a byte order mark' : `the character U+${code}`;
    issues.push(diagnose(AUTHORING_ERRORS.yaml_encoding, origin, `${what} is not accepted`));
    if (issues.length >= ISSUE_LIMIT) break;
  }
  return issues;
}

/** Tabs that indent: the likeliest reason for a syntax error, and an invisible one. */
export function findTabs(source: SourceText): Diagnostic[] {
  const issues: Diagnostic[] = [];
  for (const match of source.text.matchAll(/^ *(\t+)/gm)) {
    const start = match.index + match[0].indexOf('\t');
    const origin = { source, start, end: start + 1 };
    const message = 'a tab indents this line';
    issues.push(diagnose(AUTHORING_ERRORS.yaml_syntax, origin, message, 'Indent with spaces.'));
    if (issues.length >= ISSUE_LIMIT) break;
  }
  return issues;
}
