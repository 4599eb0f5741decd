/** The audit log of one enforcer: opened where it ended, written by group commit, vouched for by a signed head. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { OPERATION_ERRORS, SluiceError } from '@sluice/schemas';
import type { AuditLog, Clock } from '../pipeline/ports.js';
import { ChainWriter, type Outage } from './chain-writer.js';
import {
  encodeCompletion,
  encodeDecision,
  encodeOperation,
  encodeRefusedLogin,
  timestamp,
} from './encode-record.js';
import { findEnd, listSegments, setAside, type LogEnd } from './find-end.js';
import { EMPTY_CHAIN, HEAD_FILE, type ChainEnd } from './format.js';
import { openSigningKey, readHead, writeHead } from './head.js';
import { lockDirectory } from './lock.js';
import { Segment, type Disk } from './segment.js';

const SEGMENT_LIMIT_BYTES = 64 * 1024 * 1024;
const HEAD_EVERY_MS = 1_000;

export interface AuditLogOptions {
  readonly dir: string;
  /** `written`: handed to the operating system. `strict`: every record is synced before its request passes. */
  readonly durability: 'written' | 'strict';
  readonly clock: Clock;
  readonly disk?: Disk;
  readonly segmentLimitBytes?: number;
}

export interface AuditState {
  readonly writable: boolean;
  readonly records: number;
  readonly queued: number;
  /** Why the log cannot be written, when it cannot. */
  readonly problem: string;
}

export interface OpenAuditLog extends AuditLog {
  state(): AuditState;
  /** Bytes that a crash left behind, set aside on opening: names of their files. */
  readonly recovered: readonly string[];
  close(): Promise<void>;
}

export async function openAuditLog(options: AuditLogOptions): Promise<OpenAuditLog> {
  const { dir, clock } = options;
  fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  const unlock = lockDirectory(dir);
  try {
    const fresh = listSegments(dir).length === 0 && !fs.existsSync(path.join(dir, HEAD_FILE));
    const key = openSigningKey(dir, fresh);
    if (fresh) await writeHead(dir, { ...EMPTY_CHAIN, time: timestamp(clock.now()) }, key);
    const found = continueFrom(dir, key);
    const recovered = setAside(found.torn, timestamp(clock.now()).replaceAll(':', '-'));
    return run(options, found, recovered, key, unlock);
  } catch (cause) {
    // Fail closed: a log that cannot be opened as it was left is not written to.
    unlock();
    throw cause;
  }
}

function continueFrom(dir: string, key: KeyObject): LogEnd {
  const reading = readHead(dir, createPublicKey(key));
  if (!reading.ok) {
    throw new SluiceError(
      OPERATION_ERRORS.audit_damaged,
      `the audit log in \`${dir}\` cannot be continued: ${reading.message}`,
    );
  }
  return findEnd(dir, reading.head);
}

function run(
  options: AuditLogOptions,
  found: LogEnd,
  recovered: readonly string[],
  key: KeyObject,
  unlock: () => void,
): OpenAuditLog {
  const { dir, clock } = options;
  const disk = options.disk ?? fs;
  const strict = options.durability === 'strict';
  const writer = new ChainWriter({
    dir,
    disk,
    segment: found.segment && Segment.open(disk, found.segment.file, found.segment.bytes),
    end: found.end,
    segmentLimitBytes: options.segmentLimitBytes ?? SEGMENT_LIMIT_BYTES,
    now: () => clock.now(),
    describeOutage: (outage) => encodeOperation(endOfOutage(outage), clock.now()),
  });
  const heads = keepHead(dir, writer, key, clock);
  return {
    recovered,
    decision: (event) => writer.append(encodeDecision(event, clock.now()), strict || event.durable),
    completion: (decisionId, completion, durationUs) =>
      writer.appendEventually(encodeCompletion(decisionId, completion, durationUs, clock.now())),
    refusedLogin: (event) => writer.append(encodeRefusedLogin(event, clock.now()), strict),
    operation: (event) => writer.append(encodeOperation(event, clock.now()), true),
    state: () => ({
      writable: writer.outage === undefined,
      records: writer.end.seq,
      queued: writer.queued,
      problem: writer.outage === undefined ? '' : messageOf(writer.outage.cause),
    }),
    async close() {
      try {
        await writer.close();
        await heads.close();
      } finally {
        unlock();
      }
    },
  };
}

const endOfOutage = (outage: Outage) => ({
  operation: 'audit.writable',
  actor: 'enforcer',
  subject: '',
  detail: `the log could not be written since ${timestamp(outage.sinceMs)} (${messageOf(outage.cause)}); ${outage.refused} records were refused together with their requests`,
  code: '',
});

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

/** Replaces the head while records come in. It is written after the records it names are on the disk, never before. */
function keepHead(
  dir: string,
  writer: ChainWriter,
  key: KeyObject,
  clock: Clock,
): { close(): Promise<void> } {
  let written: ChainEnd | undefined;
  let writing: Promise<void> | undefined;
  const write = async (synced: () => Promise<void>): Promise<void> => {
    const { end } = writer;
    if (end.seq === (written?.seq ?? 0)) return;
    await synced();
    await writeHead(dir, { ...end, time: timestamp(clock.now()) }, key);
    written = end;
  };
  const timer = setInterval(() => {
    if (writing !== undefined || writer.outage !== undefined) return;
    // An old head vouches for less, and the next second tries again: nothing is let through by it.
    writing = write(() => writer.sync())
      .catch(() => undefined)
      .finally(() => (writing = undefined));
  }, HEAD_EVERY_MS).unref();
  return {
    async close() {
      clearInterval(timer);
      await writing;
      await write(() => Promise.resolve());
    },
  };
}
