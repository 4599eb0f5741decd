/**
 * Names as PostgreSQL compares them: parts without quotes are folded to lower case, quotes are kept only where
 * the part needs them. Policies, catalogs and facts all speak of relations in this one spelling.
 */
import { canonicalName } from '@sluice/facts';

export interface CanonicalName {
  readonly text: string;
  readonly parts: number;
}

/** Undefined when the text is no dotted name, such as one with an open quote or an empty part. */
export function canonicalOf(written: string): CanonicalName | undefined {
  const parts: string[] = [];
  let rest = written;
  for (;;) {
    const match = /^(?:"((?:[^"]|"")+)"|([^".\s]+))(\.|$)/.exec(rest);
    if (!match) return undefined;
    const [whole, quoted, plain, end] = match;
    parts.push(quoted === undefined ? foldedPart(plain ?? '') : canonicalName(quoted.replaceAll('""', '"')));
    rest = rest.slice(whole.length);
    if (end !== '.') return { text: parts.join('.'), parts: parts.length };
    if (rest === '') return undefined;
  }
}

/** Only ASCII letters are folded, as in a UTF-8 database. A part with `*` is a pattern over canonical names. */
function foldedPart(part: string): string {
  const folded = part.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return folded.includes('*') ? folded : canonicalName(folded);
}
