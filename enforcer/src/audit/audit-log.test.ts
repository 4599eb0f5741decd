import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openAuditLog, type AuditLogOptions, type OpenAuditLog } from './audit-log.js';
import { listSegments } from './find-end.js';
import { readLog } from './read-log.js';
import type { Disk } from './segment.js';
import { verifyLog } from './verify-log.js';

const dirs: string[] = [];
const newDir = (): string => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-audit-'));
  dirs.push(dir);
  return dir;
};
afterEach(() => {
  for (const dir of dirs.splice(0)) fs.rmSync(dir, { recursive: true });
});

const clock = { now: () => Date.now(), monotonicUs: () => 0 };
const open = (dir: string, more: Partial<AuditLogOptions> = {}): Promise<OpenAuditLog> =>
  openAuditLog({ dir, durability: 'written', clock, ...more });

const operation = (subject: string) => ({
  operation: 'test',
  actor: 'a',
  subject,
  detail: 'x'.repeat(100),
  code: '',
});
const subjects = (dir: string): string[] =>
  [...readLog(dir)].map(
    ({ bytes }) => (JSON.parse(bytes.toString()) as { operation: { subject: string } }).operation.subject,
  );

/** Counts calls, and fails on demand as a full disk does. */
function watchedDisk() {
  const seen = { writes: 0, syncs: 0, room: Infinity, failSync: false };
  const disk: Disk = {
    ...fs,
    writeSync: ((descriptor: number, data: Buffer, offset: number, length: number, position: number) => {
      seen.writes++;
      const fits = Math.min(length, seen.room);
      if (fits === 0) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      seen.room -= fits;
      return fs.writeSync(descriptor, data, offset, fits, position);
    }) as typeof fs.writeSync,
    fdatasync: ((descriptor: number, done: (error: Error | null) => void) => {
      seen.syncs++;
      if (seen.failSync) done(new Error('EIO: i/o error'));
      else fs.fdatasync(descriptor, done);
    }) as typeof fs.fdatasync,
  };
  return { seen, disk };
}

test('writes what comes in one turn by one call, in order, and syncs it once', async () => {
  const dir = newDir();
  const { seen, disk } = watchedDisk();
  const log = await open(dir, { disk });
  await Promise.all(['a', 'b', 'c'].map((subject) => log.operation(operation(subject))));
  assert.deepEqual([seen.writes, seen.syncs], [1, 1]);
  await log.close();
  assert.deepEqual(subjects(dir), ['a', 'b', 'c']);
});

test('syncs a written record only when it must be durable', async () => {
  for (const [durability, syncs] of [
    ['written', 0],
    ['strict', 1],
  ] as const) {
    const { seen, disk } = watchedDisk();
    const log = await open(newDir(), { disk, durability });
    await log.refusedLogin({
      connection: '',
      protocol: '',
      clientAddress: '',
      claimedSubject: '',
      claimedIssuer: '',
      fault: {
        error: { code: 'SLU1', name: 'x', title: '', fault: 'agent', retry: false, help: '' },
        message: '',
      },
    });
    assert.equal(seen.syncs, syncs, durability);
    await log.close();
  }
});

test('goes on with the chain after a restart, over several segments', async () => {
  const dir = newDir();
  for (const subject of ['a', 'b', 'c', 'd']) {
    const log = await open(dir, { segmentLimitBytes: 700 });
    await log.operation(operation(subject));
    await log.close();
  }
  assert.deepEqual(subjects(dir), ['a', 'b', 'c', 'd']);
  assert.equal(listSegments(dir).length, 2);
  assert.deepEqual(verifyLog(dir).findings, []);
  assert.equal(verifyLog(dir).records, 4);
});

test('refuses a second enforcer on the same directory', async () => {
  const dir = newDir();
  const log = await open(dir);
  await assert.rejects(open(dir), { code: 'SLU5005' });
  await log.close();
  await (await open(dir)).close();
});

test('sets a torn last line aside and goes on', async () => {
  const dir = newDir();
  const log = await open(dir);
  await log.operation(operation('a'));
  await log.close();
  const file = path.join(dir, listSegments(dir)[0] ?? '');
  fs.appendFileSync(file, '{"seq":"2","prev":"');
  const again = await open(dir);
  assert.equal(again.recovered.length, 1);
  assert.equal(fs.readFileSync(path.join(dir, again.recovered[0] ?? ''), 'utf8'), '{"seq":"2","prev":"');
  await again.operation(operation('b'));
  await again.close();
  assert.deepEqual(subjects(dir), ['a', 'b']);
  assert.deepEqual(verifyLog(dir).findings, []);
});

test('goes on in the segment before when the last one is empty or torn from its start', async () => {
  for (const rest of ['', '{"seq":"2"', '\0\0\0\n\0']) {
    const dir = newDir();
    const log = await open(dir);
    await log.operation(operation('a'));
    await log.close();
    fs.writeFileSync(path.join(dir, '00000000000000000002.jsonl'), rest);
    const again = await open(dir);
    await again.operation(operation('b'));
    await again.close();
    assert.deepEqual(subjects(dir), ['a', 'b']);
  }
});

const DAMAGE: readonly [string, (dir: string, file: string) => void][] = [
  ['its end is gone', (_, file) => fs.truncateSync(file, 0)],
  ['all of it is gone', (_, file) => fs.unlinkSync(file)],
  [
    'its last record was changed',
    (_, file) => fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('"b"', '"c"')),
  ],
  ['its head is gone', (dir) => fs.unlinkSync(path.join(dir, 'head'))],
  [
    'its head was changed',
    (dir) =>
      fs.writeFileSync(
        path.join(dir, 'head'),
        fs.readFileSync(path.join(dir, 'head'), 'utf8').replace('"2"', '"1"'),
      ),
  ],
  ['its key is gone', (dir) => fs.unlinkSync(path.join(dir, 'head.key'))],
];
for (const [name, damage] of DAMAGE) {
  test(`refuses to go on with a log when ${name}, and leaves it as it is`, async () => {
    const dir = newDir();
    const log = await open(dir);
    await Promise.all([log.operation(operation('a')), log.operation(operation('b'))]);
    await log.close();
    damage(dir, path.join(dir, listSegments(dir)[0] ?? ''));
    const contents = (): string[] =>
      fs
        .readdirSync(dir)
        .sort()
        .map((entry) => fs.readFileSync(path.join(dir, entry), 'latin1'));
    const before = contents();
    await assert.rejects(open(dir), { code: 'SLU5006' });
    assert.deepEqual(contents(), before);
  });
}

test('a full disk refuses, keeps what has happened, and heals when there is room', async () => {
  const dir = newDir();
  const { seen, disk } = watchedDisk();
  const log = await open(dir, { disk });
  await log.operation(operation('before'));
  seen.room = 150;
  const file = path.join(dir, listSegments(dir)[0] ?? '');
  const goodBytes = fs.statSync(file).size;
  await assert.rejects(log.operation(operation('short write')));
  assert.equal(fs.statSync(file).size, goodBytes, 'what was written of it is cut off again');
  assert.equal(log.state().writable, false);
  assert.match(log.state().problem, /ENOSPC/);
  log.completion('d-1', { outcome: 'ok', rows: 1, bytes: 1, backendCode: '' }, 1);
  await assert.rejects(log.operation(operation('while full')));
  await sleep(600);
  assert.equal(log.state().writable, false, 'still full');
  seen.room = Infinity;
  for (let i = 0; i < 50 && !log.state().writable; i++) await sleep(50);
  await log.operation(operation('after'));
  await log.close();
  const lines = [...readLog(dir)].map(({ bytes }) => bytes.toString());
  assert.equal(lines.length, 4);
  assert.match(lines[1] ?? '', /"completion":\{"decisionId":"d-1"/);
  assert.match(lines[2] ?? '', /audit\.writable.*2 records were refused/);
  assert.deepEqual(verifyLog(dir).findings, []);
});

test('a failed sync refuses the record and everything after it until a sync succeeds', async () => {
  const dir = newDir();
  const { seen, disk } = watchedDisk();
  const log = await open(dir, { disk });
  seen.failSync = true;
  await assert.rejects(log.operation(operation('unsynced')), /EIO/);
  await assert.rejects(log.operation(operation('refused')));
  await sleep(600);
  assert.equal(log.state().writable, false);
  seen.failSync = false;
  for (let i = 0; i < 50 && !log.state().writable; i++) await sleep(50);
  await log.operation(operation('after'));
  await log.close();
  assert.deepEqual(verifyLog(dir).findings, []);
});

test('refuses records once it is closed', async () => {
  const log = await open(newDir());
  await log.close();
  await assert.rejects(log.operation(operation('late')), /closed/);
});

test('keeps its key to its owner', async () => {
  const dir = newDir();
  await (await open(dir)).close();
  assert.equal(fs.statSync(path.join(dir, 'head.key')).mode & 0o777, 0o600);
});
