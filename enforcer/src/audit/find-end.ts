/**
 * Where a log ends, after whatever stopped the process that wrote it. A kill leaves whole records; a power cut may
 * leave part of a write. Everything up to the signed head must be there; beyond it, what does not chain is set aside.
 */
import fs from 'node:fs';
import path from 'node:path';
import { OPERATION_ERRORS, SluiceError } from '@sluice/schemas';
import { EMPTY_CHAIN, lineHash, readLineStart, segmentStart, type ChainEnd } from './format.js';

export interface LogEnd {
  readonly end: ChainEnd;
  /** The segment to go on with. */
  readonly segment: { readonly file: string; readonly bytes: number } | undefined;
  /** What does not chain: to be set aside before anything is written. */
  readonly torn: readonly { readonly file: string; readonly offset: number }[];
}

export function listSegments(dir: string): string[] {
  return fs
    .readdirSync(dir)
    .filter((name) => segmentStart(name) !== undefined)
    .sort();
}

/** `head` is how far the log is known to have come. */
export function findEnd(dir: string, head: ChainEnd): LogEnd {
  const torn: { file: string; offset: number }[] = [];
  for (const name of listSegments(dir).reverse()) {
    const file = path.join(dir, name);
    const scan = scanSegment(fs.readFileSync(file), segmentStart(name) ?? 0, head);
    if (scan.contradictsHead)
      throw damaged(`record ${head.seq} in \`${name}\` is not the one the signed head names`);
    if (scan.goodBytes < scan.bytes || scan.end === undefined) torn.push({ file, offset: scan.goodBytes });
    if (scan.end === undefined) continue;
    if (scan.end.seq < head.seq) throw tooShort(scan.end.seq, head.seq);
    return { end: scan.end, segment: { file, bytes: scan.goodBytes }, torn };
  }
  if (head.seq > 0) throw tooShort(0, head.seq);
  return { end: EMPTY_CHAIN, segment: undefined, torn };
}

interface Scan {
  readonly bytes: number;
  readonly goodBytes: number;
  /** Undefined when the segment holds no whole record. */
  readonly end: ChainEnd | undefined;
  readonly contradictsHead: boolean;
}

function scanSegment(data: Buffer, firstSeq: number, head: ChainEnd): Scan {
  let goodBytes = 0;
  let end: ChainEnd | undefined;
  let contradictsHead = false;
  for (;;) {
    const newline = data.indexOf(0x0a, goodBytes);
    if (newline === -1) break;
    const line = data.subarray(goodBytes, newline);
    const start = readLineStart(line);
    if (start === undefined || start.seq !== (end === undefined ? firstSeq : end.seq + 1)) break;
    if (end !== undefined && start.prev !== end.hash) break;
    // No successor vouches for the last line yet; it must at least be whole.
    if (data.indexOf(0x0a, newline + 1) === -1 && !isJson(line)) break;
    end = { seq: start.seq, hash: lineHash(line) };
    if (start.seq === head.seq && end.hash !== head.hash) contradictsHead = true;
    if (start.seq === head.seq + 1 && start.prev !== head.hash) contradictsHead = true;
    goodBytes = newline + 1;
  }
  return { bytes: data.length, goodBytes, end, contradictsHead };
}

function isJson(line: Buffer): boolean {
  try {
    JSON.parse(line.toString());
    return true;
  } catch {
    // Fail closed: a line that is not whole was never acknowledged.
    return false;
  }
}

/** Moves what does not chain into files of its own, for people to look at. Returns their names. */
export function setAside(torn: LogEnd['torn'], stamp: string): string[] {
  return torn
    .map(({ file, offset }) => {
      const rest = fs.readFileSync(file).subarray(offset);
      const aside = `${file}.torn-${stamp}`;
      if (rest.length > 0) fs.writeFileSync(aside, rest, { mode: 0o600, flag: 'wx', flush: true });
      if (offset > 0) fs.truncateSync(file, offset);
      else fs.unlinkSync(file);
      return rest.length > 0 ? path.basename(aside) : '';
    })
    .filter((name) => name !== '');
}

const tooShort = (seq: number, headSeq: number): SluiceError =>
  damaged(`it ends with record ${seq}, but its signed head says ${headSeq}`);

const damaged = (what: string): SluiceError =>
  new SluiceError(OPERATION_ERRORS.audit_damaged, `the audit log cannot be continued: ${what}`);
