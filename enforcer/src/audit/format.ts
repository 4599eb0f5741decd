/**
 * The audit log on disk. One directory, written by one enforcer at a time (`lock`).
 *
 *   00000000000000000001.jsonl   segment, named after the number of its first record; the last one grows
 *   head                         signed checkpoint: how far the log had come when it was written
 *   head.key, head.pub           Ed25519 key of the checkpoints (PKCS #8, mode 0600) and its public half (SPKI)
 *   *.torn-*                     bytes of a write that a crash cut short, set aside on the next start
 *
 * A segment is UTF-8, one record a line, each line ended by one newline. A line is the protobuf JSON of
 * `sluice.v1.AuditRecord` in one spelling: no spaces, members in field order, default values left out. So it begins
 *
 *   {"seq":"42","prev":"<64 hex digits>","timestamp":"2026-11-22T12:00:00.123Z",...
 *
 * `seq` counts from 1 without gaps, over all segments. `prev` is the SHA-256 of the line before without its newline,
 * 64 zeros for the first. Each record so vouches for all before it, and `head` vouches for the last ones:
 *
 *   {"seq":"42","hash":"<SHA-256 of line 42>","time":"2026-11-22T12:00:01Z","signature":"<base64>"}
 *
 * The signature is over the UTF-8 text `sluice audit head v1\n<seq>\n<hash>\n<time>\n`. The head is replaced once a
 * second while records come in, after the records it covers are synced, and when the log is closed.
 */
import { hash } from 'node:crypto';

export interface ChainEnd {
  /** Number of the last record; 0 for none. */
  readonly seq: number;
  /** SHA-256, hex, of its line. */
  readonly hash: string;
}

export const EMPTY_CHAIN: ChainEnd = { seq: 0, hash: '0'.repeat(64) };

export const HEAD_FILE = 'head';
export const HEAD_KEY_FILE = 'head.key';
export const HEAD_PUBLIC_KEY_FILE = 'head.pub';
export const LOCK_FILE = 'lock';

const SEGMENT_NAME = /^(\d{20})\.jsonl$/;
const LINE_START = /^\{"seq":"([1-9]\d{0,15})","prev":"([0-9a-f]{64})","timestamp":"/;
/** The longest text that LINE_START can match. */
const LINE_START_BYTES = 120;

export const segmentName = (firstSeq: number): string => `${String(firstSeq).padStart(20, '0')}.jsonl`;

/** Number of the first record of a segment, or undefined when the name is not a segment's. */
export function segmentStart(name: string): number | undefined {
  const digits = SEGMENT_NAME.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** SHA-256, hex, of a line without its newline. */
export const lineHash = (line: string | Uint8Array): string => hash('sha256', line, 'hex');

/** `body` is a record's JSON from `"timestamp":` on. */
export const chainedLine = (seq: number, prev: string, body: string): string =>
  `{"seq":"${seq}","prev":"${prev}",${body}`;

export function readLineStart(line: Buffer): { readonly seq: number; readonly prev: string } | undefined {
  const start = LINE_START.exec(line.toString('latin1', 0, LINE_START_BYTES));
  return start === null ? undefined : { seq: Number(start[1]), prev: start[2] ?? '' };
}
