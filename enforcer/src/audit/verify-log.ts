/**
 * Finds what was done to a log: which record was changed, dropped, moved, doubled or cut off. Each record is judged by
 * what comes after it: its successor holds its hash, and the signed head holds the hash of the last one.
 */
import { createHash, type KeyObject } from 'node:crypto';
import path from 'node:path';
import {
  EMPTY_CHAIN,
  HEAD_FILE,
  HEAD_PUBLIC_KEY_FILE,
  lineHash,
  readLineStart,
  segmentStart,
} from './format.js';
import { readHead, readVerifyingKey, type Head } from './head.js';
import { readLog, type LogLine } from './read-log.js';

export type Damage = 'changed' | 'dropped' | 'reordered' | 'duplicated' | 'truncated' | 'renamed' | 'head';

export interface Finding {
  readonly damage: Damage;
  readonly file: string;
  /** From 1; 0 when it concerns the file as a whole. */
  readonly line: number;
  /** Number of the record; 0 when there is none. */
  readonly seq: number;
  readonly message: string;
}

export interface Verification {
  readonly findings: readonly Finding[];
  readonly records: number;
  readonly segments: number;
  /** Undefined when it cannot be believed. */
  readonly head: Head | undefined;
  /** Records that came after the head was signed: chained, but not vouched for yet. */
  readonly afterHead: number;
  /** SHA-256 of the public key used, to compare with one noted elsewhere. */
  readonly keyFingerprint: string;
}

/** Enough to see what happened; a log in another order would otherwise complain once a record. */
const FINDINGS_LIMIT = 100;
const MISSING_LIMIT = 1_000_000;

/** `publicKeyFile` should be a copy kept elsewhere; the one beside the log is only as safe as the log. */
export function verifyLog(dir: string, publicKeyFile = path.join(dir, HEAD_PUBLIC_KEY_FILE)): Verification {
  const key = readVerifyingKey(publicKeyFile);
  // The head first: a log that is being written grows past it, never the other way round.
  const reading = readHead(dir, key);
  const check = new ChainCheck(reading.ok ? reading.head : undefined);
  if (!reading.ok) {
    check.report({ damage: 'head', file: HEAD_FILE, line: 0, seq: 0, message: reading.message });
  }
  const segments = new Set<string>();
  let previous: Line | undefined;
  for (const raw of readLog(dir)) {
    segments.add(raw.file);
    const line = parse(raw);
    if (previous !== undefined) check.add(previous, line);
    previous = line;
  }
  if (previous !== undefined) check.add(previous, undefined);
  check.end();
  return {
    findings: check.findings,
    records: check.records,
    segments: segments.size,
    head: reading.ok ? reading.head : undefined,
    afterHead: reading.ok ? Math.max(0, check.last - reading.head.seq) : check.last,
    keyFingerprint: fingerprint(key),
  };
}

const fingerprint = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');

interface Line extends LogLine {
  /** Undefined when the line is not one whole record. */
  readonly start: { readonly seq: number; readonly prev: string } | undefined;
  readonly hash: string;
}

function parse(line: LogLine): Line {
  const hash = lineHash(line.bytes);
  try {
    JSON.parse(line.bytes.toString());
    return { ...line, start: line.ended ? readLineStart(line.bytes) : undefined, hash };
  } catch {
    // Fail closed: what is not JSON is no record, however it begins.
    return { ...line, start: undefined, hash };
  }
}

/** The last record in order, which the next one must chain to. */
interface Tip {
  readonly seq: number;
  readonly hash: string;
  readonly file: string;
  readonly line: number;
  /** Reported already: what follows from it is not reported again. */
  blamed: boolean;
}

class ChainCheck {
  readonly findings: Finding[] = [];
  records = 0;
  #tip: Tip = { ...EMPTY_CHAIN, file: '', line: 0, blamed: false };
  /** Numbers passed over, each with the place where it should have been; they may still turn up. */
  readonly #missing = new Map<number, { readonly file: string; readonly line: number }>();

  constructor(private readonly head: Head | undefined) {}

  get last(): number {
    return this.#tip.seq;
  }

  report(finding: Finding): void {
    if (this.findings.length < FINDINGS_LIMIT) this.findings.push(finding);
  }

  /** `next` is the line after it: the witness of what it should be. */
  add(line: Line, next: Line | undefined): void {
    this.records++;
    const before = this.findings.length;
    const opensSegment = line.file !== this.#tip.file;
    if (line.start === undefined) this.#unreadable(line, next);
    else if (line.start.prev === this.#tip.hash) this.#follows(line, line.start.seq);
    else if (line.start.seq === this.#tip.seq + 1) this.#contradicts(line, next);
    else if (line.start.seq > this.#tip.seq) this.#leavesGap(line, line.start.seq);
    else this.#outOfPlace(line, line.start.seq);
    if (opensSegment && this.findings.length === before && segmentStart(line.file) !== this.#tip.seq) {
      const message = `the segment is not named after its first record, ${this.#tip.seq}`;
      this.report({ damage: 'renamed', file: line.file, line: 0, seq: this.#tip.seq, message });
    }
  }

  #unreadable(line: Line, next: Line | undefined): void {
    const seq = this.#tip.seq + 1;
    const intruder = next?.start?.seq === seq;
    if (!intruder) this.#advance(line, seq);
    if (!line.ended) this.#blame(line, seq, 'truncated', `record ${seq} is cut off`);
    else if (intruder) this.#blame(line, this.#tip.seq, 'changed', 'a line is not a record');
    else this.#blame(line, seq, 'changed', `record ${seq} was changed: the line is not a record`);
    this.#tip.blamed = true;
  }

  #follows(line: Line, seq: number): void {
    const expected = this.#tip.seq + 1;
    this.#advance(line, expected);
    if (seq !== expected) {
      this.#blameTip(`record ${expected} was changed: it says it is record ${seq}`);
    } else if (this.head?.seq === seq && this.head.hash !== line.hash) {
      this.#blameTip(`record ${seq} was changed: the signed head holds another hash`);
    }
  }

  /** Numbers continue, hashes do not: one of the two records was changed. Whoever else vouches for them decides. */
  #contradicts(line: Line, next: Line | undefined): void {
    const { seq } = this.#tip;
    const witness = next?.start?.seq === seq + 2 ? next.start.prev : this.#headHash(seq + 1);
    const vouched = witness === line.hash;
    const tipVouched = this.#headHash(seq) === this.#tip.hash;
    if (seq > 0 && !tipVouched && (vouched || witness === undefined)) {
      if (!this.#tip.blamed)
        this.#blameTip(`record ${seq} was changed: record ${seq + 1} holds another hash`);
      this.#advance(line, seq + 1);
      return;
    }
    const known = this.#tip.blamed && vouched;
    this.#advance(line, seq + 1);
    if (!known) this.#blameTip(`record ${seq + 1} was changed: it does not chain to record ${seq}`);
  }

  #headHash(seq: number): string | undefined {
    return this.head?.seq === seq ? this.head.hash : undefined;
  }

  #leavesGap(line: Line, seq: number): void {
    const place = { file: line.file, line: line.line };
    for (let lost = this.#tip.seq + 1; lost < seq && this.#missing.size < MISSING_LIMIT; lost++) {
      this.#missing.set(lost, place);
    }
    this.#advance(line, seq);
  }

  #outOfPlace(line: Line, seq: number): void {
    if (this.#missing.delete(seq)) this.#blame(line, seq, 'reordered', `record ${seq} is out of order`);
    else this.#blame(line, seq, 'duplicated', `record ${seq} is there more than once`);
  }

  #advance({ hash, file, line }: Line, seq: number): void {
    this.#tip = { seq, hash, file, line, blamed: false };
  }

  #blame({ file, line }: { file: string; line: number }, seq: number, damage: Damage, message: string): void {
    this.report({ damage, file, line, seq, message });
  }

  #blameTip(message: string): void {
    this.#blame(this.#tip, this.#tip.seq, 'changed', message);
    this.#tip.blamed = true;
  }

  end(): void {
    for (const { from, to, place } of ranges(this.#missing)) {
      const what = from === to ? `record ${from} was` : `records ${from} to ${to} were`;
      this.report({ damage: 'dropped', ...place, seq: from, message: `${what} dropped before this line` });
    }
    if (this.head === undefined || this.#tip.seq >= this.head.seq) return;
    const { seq } = this.head;
    const from = this.#tip.seq + 1;
    const lost = from === seq ? `record ${seq} is` : `records ${from} to ${seq} are`;
    const message = `${lost} missing from the end: the signed head says ${seq}`;
    this.report({
      damage: 'truncated',
      file: this.#tip.file || HEAD_FILE,
      line: this.#tip.line,
      seq: from,
      message,
    });
  }
}

/** Neighbouring numbers that are missing at the same place are one finding. */
function ranges(missing: ReadonlyMap<number, { readonly file: string; readonly line: number }>) {
  const found: { from: number; to: number; place: { readonly file: string; readonly line: number } }[] = [];
  for (const [seq, place] of missing) {
    const last = found.at(-1);
    if (last?.to === seq - 1 && last.place === place) last.to = seq;
    else found.push({ from: seq, to: seq, place });
  }
  return found;
}
