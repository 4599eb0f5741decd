/** Reading a log back, line by line, without holding it in memory. */
import fs from 'node:fs';
import path from 'node:path';
import { listSegments } from './find-end.js';

const CHUNK_BYTES = 1024 * 1024;

export interface LogLine {
  /** Name of the segment. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Without the newline. */
  readonly bytes: Buffer;
  /** False for what follows the last newline. */
  readonly ended: boolean;
}

export function* readLog(dir: string): Generator<LogLine> {
  for (const file of listSegments(dir)) yield* readSegment(dir, file);
}

export function* readSegment(dir: string, file: string, fromByte = 0): Generator<LogLine> {
  const descriptor = fs.openSync(path.join(dir, file), 'r');
  try {
    let rest = Buffer.alloc(0);
    let line = 1;
    let position = fromByte;
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const count = fs.readSync(descriptor, chunk, 0, CHUNK_BYTES, position);
      if (count === 0) break;
      position += count;
      const data =
        rest.length === 0 ? chunk.subarray(0, count) : Buffer.concat([rest, chunk.subarray(0, count)]);
      let start = 0;
      for (let end = data.indexOf(0x0a); end !== -1; end = data.indexOf(0x0a, start)) {
        yield { file, line: line++, bytes: data.subarray(start, end), ended: true };
        start = end + 1;
      }
      rest = data.subarray(start);
    }
    if (rest.length > 0) yield { file, line, bytes: rest, ended: false };
  } finally {
    fs.closeSync(descriptor);
  }
}
