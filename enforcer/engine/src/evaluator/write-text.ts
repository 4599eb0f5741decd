/**
 * Writes a string as UTF-8 into memory, at most up to `end`; returns its bytes, or -1 when it does not fit. Half of
 * a surrogate pair, which has no place in UTF-8, is written as U+FFFD.
 */
export function writeText(memory: Uint8Array, text: string, start: number, end: number): number {
  if (text.length > end - start) return -1;
  let at = start;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) {
      if (at >= end) return -1;
      memory[at++] = unit;
      continue;
    }
    const point = text.codePointAt(i) ?? unit;
    if (point > 0xffff) i++;
    at = writeWide(memory, isSurrogate(point) ? 0xfffd : point, at, end);
    if (at < 0) return -1;
  }
  return at - start;
}

function writeWide(memory: Uint8Array, point: number, at: number, end: number): number {
  const width = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  if (at + width > end) return -1;
  for (let i = width - 1; i > 0; i--) {
    memory[at + i] = 0x80 | (point & 0x3f);
    point >>= 6;
  }
  memory[at] = ((0xf00 >> width) & 0xff) | point;
  return at + width;
}

function isSurrogate(point: number): boolean {
  return point >= 0xd800 && point <= 0xdfff;
}
