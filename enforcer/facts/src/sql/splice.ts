/** Replacing parts of a text, and finding the way back from a position in the result. */
import type { Edit } from './walk/findings.js';

export interface Spliced {
  readonly text: string;
  /** From a 1-based character position in the result to the one in the original that it stands for. */
  mapPosition(position: number): number;
}

/** A run of the result: copied from the original, or put in the place of `[from, from + length)` of it. */
interface Piece {
  readonly at: number;
  readonly from: number;
  readonly length: number;
  readonly copied: boolean;
}

/** Edits may touch but not overlap; those at one place keep their order. Offsets are bytes of UTF-8. */
export function splice(original: Buffer, edits: readonly Edit[]): Spliced {
  const sorted = [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
  const parts: Buffer[] = [];
  const pieces: Piece[] = [];
  let read = 0;
  let written = 0;
  const add = (part: Buffer, from: number, copied: boolean): void => {
    if (part.length === 0) return;
    pieces.push({ at: written, from, length: part.length, copied });
    parts.push(part);
    written += part.length;
  };
  for (const { start, end, text } of sorted) {
    if (start < read) throw new Error('two edits of one place');
    add(original.subarray(read, start), read, true);
    add(Buffer.from(text), start, false);
    read = end;
  }
  add(original.subarray(read), read, true);
  const result = Buffer.concat(parts);
  return {
    text: result.toString('utf8'),
    mapPosition: (position) => {
      const byte = byteOf(result, position - 1);
      const piece = pieces.findLast(({ at }) => at <= byte);
      const origin = piece === undefined ? 0 : piece.copied ? piece.from + (byte - piece.at) : piece.from;
      return charactersIn(original.subarray(0, origin)) + 1;
    },
  };
}

const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80;

/** Byte offset of the character with this 0-based index; the end when there are fewer. */
function byteOf(bytes: Buffer, index: number): number {
  let characters = -1;
  for (const [offset, byte] of bytes.entries()) {
    if (!isContinuation(byte) && ++characters === index) return offset;
  }
  return index < 0 ? 0 : bytes.length;
}

function charactersIn(bytes: Buffer): number {
  let characters = 0;
  for (const byte of bytes) if (!isContinuation(byte)) characters++;
  return characters;
}
