/** The end of a log, and what is added to it. */
import path from 'node:path';
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { listSegments } from './find-end.js';
import { readSegment, type LogLine } from './read-log.js';

const POLL_MS = 200;

/** The last `count` lines; then, when `signal` is given, every new one until it is aborted. */
export async function* followLog(dir: string, count: number, signal?: AbortSignal): AsyncGenerator<LogLine> {
  let file = '';
  let offset = 0;
  let last: LogLine[] = [];
  for (const name of listSegments(dir).slice(-2)) {
    ({ file, offset } = { file: name, offset: 0 });
    for (const line of readSegment(dir, name)) {
      if (!line.ended) break;
      last.push(line);
      offset += line.bytes.length + 1;
    }
    last = last.slice(-count);
  }
  yield* count === 0 ? [] : last;
  if (signal === undefined) return;
  while (!signal.aborted) {
    for (const name of listSegments(dir).filter((segment) => segment >= file)) {
      if (name !== file) ({ file, offset } = { file: name, offset: 0 });
      if (fs.statSync(path.join(dir, name)).size <= offset) continue;
      for (const line of readSegment(dir, name, offset)) {
        if (!line.ended) break;
        offset += line.bytes.length + 1;
        yield line;
      }
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}
