/**
 * The last look at a rewritten text in which nothing is masked, by other means than the rewriting and cheaper than
 * a second parse. Two things together give what that parse would: the tokens of the result are those of the
 * original with each edit's own in its place, so the server's grammar, which sees nothing but tokens, reads the
 * same statement with longer names; and every relation in the tree of the original was pinned or is a CTE.
 */
import { REQUEST_ERRORS } from '@sluice/schemas';
import { toBytes } from './byte-text.js';
import { plainTokens } from './plain-tokens.js';
import type { Raw } from './raw.js';
import { refuse } from './refusal.js';
import type { Spliced } from './splice.js';
import type { Tokens } from './tokens.js';
import type { Findings } from './walk/findings.js';

/** Refuses a tree in which a relation is named that the walk did not come by. */
export function verifyFound(statements: readonly Raw[], findings: Findings): void {
  const pinned = new Set<number>();
  for (const { name } of findings.uses) pinned.add(name.start);
  for (const { start } of findings.pins) pinned.add(start);
  const bare = new Set<string>();
  const ctes = new Set<string>();
  const note = (field: string, name: unknown, node: Raw): void => {
    if (field === 'ctename') ctes.add(String(name));
    if (field !== 'relname' || node['schemaname'] !== undefined) return;
    if (!pinned.has(Number(node['location'] ?? 0))) bare.add(String(name));
  };
  const read = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) return value.forEach(read);
    const node = value as Raw;
    for (const field of Object.keys(node)) {
      const part = node[field];
      if (typeof part !== 'object') note(field, part, node);
      // FOR UPDATE OF names items of the FROM clause, not relations.
      else if (field !== 'lockedRels') read(part);
    }
  };
  read(statements);
  for (const name of bare) if (!ctes.has(name)) broken('it names a relation that was not judged');
}

/** Compares the tokens; false where they take the server's scanner to read, and so another way must be gone. */
export function verifyPins(original: Tokens, { text, edits }: Spliced): boolean {
  const bytes = toBytes(text);
  const offsets = plainTokens(bytes);
  if (offsets === undefined) return false;
  let written = 0;
  const expect = (token: string): void => {
    if (bytes.slice(offsets[written], offsets[written + 1]) !== token) broken('its words ran together');
    written += 2;
  };
  let read = 0;
  const expectUntil = (start: number): void => {
    while (original.startOf(read) < start) expect(original.text(read++));
  };
  for (const edit of edits) {
    expectUntil(edit.start);
    const inserted = toBytes(edit.text);
    const pieces = plainTokens(inserted);
    if (pieces === undefined) return false;
    for (let at = 0; at < pieces.length; at += 2) expect(inserted.slice(pieces[at], pieces[at + 1]));
    while (original.startOf(read) < edit.end) read++;
  }
  expectUntil(Infinity);
  if (written !== offsets.length) broken('its words ran together');
  return true;
}

function broken(why: string): never {
  return refuse(REQUEST_ERRORS.internal, `the pinned statement failed its check: ${why}`);
}
