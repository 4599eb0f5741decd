/** Replacing parts of a text, and finding the way back from a position in the result. */
import { fromBytes, type ByteText } from './byte-text.js';
import type { Edit } from './walk/findings.js';

export interface Spliced {
  readonly text: string;
  /** In the order of their places. */
  readonly edits: readonly Edit[];
  /** From a 1-based character position in the result to the one in the original that it stands for. */
  mapPosition(position: number): number;
}

/** A run of the result: copied from the original, or put in the place of something of it. */
interface Piece {
  readonly text: string;
  /** What stands in the original here. */
  readonly original: string;
}

/** Edits may touch but not overlap; those at one place keep their order. Offsets are bytes of UTF-8. */
export function splice(bytes: ByteText, edits: readonly Edit[]): Spliced {
  const sorted = [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
  const pieces: Piece[] = [];
  let read = 0;
  const copy = (end: number): void => {
    const text = fromBytes(bytes.slice(read, end));
    if (text !== '') pieces.push({ text, original: text });
  };
  for (const { start, end, text } of sorted) {
    if (start < read) throw new Error('two edits of one place');
    copy(start);
    pieces.push({ text, original: fromBytes(bytes.slice(start, end)) });
    read = end;
  }
  copy(bytes.length);
  let text = '';
  for (const piece of pieces) text += piece.text;
  return { text, edits: sorted, mapPosition: (position) => originOf(position - 1, pieces) + 1 };
}

/** Both counted from 0; what was put in stands for the beginning of what it replaced. */
function originOf(position: number, pieces: readonly Piece[]): number {
  let written = 0;
  let read = 0;
  for (const { text, original } of pieces) {
    const length = charactersIn(text);
    if (position < written + length) return text === original ? read + Math.max(position - written, 0) : read;
    written += length;
    read += charactersIn(original);
  }
  return read;
}

/** Counted as the server counts: half a surrogate pair is no character. */
function charactersIn(text: string): number {
  let characters = 0;
  for (const _ of text) characters++;
  return characters;
}
