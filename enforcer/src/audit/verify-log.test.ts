import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { openAuditLog } from './audit-log.js';
import { listSegments } from './find-end.js';
import { verifyLog, type Finding } from './verify-log.js';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-verify-'));
const pristine = path.join(root, 'pristine');
const RECORDS = 7;

before(async () => {
  const clock = { now: () => 1_795_000_000_000, monotonicUs: () => 0 };
  const log = await openAuditLog({ dir: pristine, durability: 'written', clock, segmentLimitBytes: 700 });
  for (let number = 1; number <= RECORDS; number++) {
    await log.operation({ operation: 'test', actor: 'a', subject: `n${number}`, detail: '', code: '' });
  }
  await log.close();
  assert.equal(listSegments(pristine).length, 3, 'records 1-3, 4-6, 7');
});
after(() => fs.rmSync(root, { recursive: true }));

let copies = 0;
function tampered(change: (dir: string) => void): string {
  const dir = path.join(root, String(copies++));
  fs.cpSync(pristine, dir, { recursive: true });
  change(dir);
  return dir;
}

/** All records as one list of lines, whatever segment they are in. */
function rewrite(dir: string, change: (lines: string[]) => string[]): void {
  const files = listSegments(dir).map((name) => path.join(dir, name));
  const lines = files.flatMap((file) => fs.readFileSync(file, 'utf8').split('\n').slice(0, -1));
  const changed = change(lines);
  const starts = files.map((file) => Number(path.basename(file, '.jsonl')) - 1);
  files.forEach((file, index) => {
    const part = changed.slice(starts[index], starts[index + 1]);
    fs.writeFileSync(file, part.map((line) => `${line}\n`).join(''));
  });
}

const brief = ({ damage, seq }: Finding): string => `${damage} ${seq}`;

test('finds nothing in an untouched log', () => {
  const { findings, records, segments, head, afterHead } = verifyLog(pristine);
  assert.deepEqual([findings, records, segments, head?.seq, afterHead], [[], RECORDS, 3, RECORDS, 0]);
});

test('finds every changed byte of every record, and names the record', () => {
  const dir = tampered(() => undefined);
  for (const name of listSegments(dir)) {
    const file = path.join(dir, name);
    const data = fs.readFileSync(file);
    let seq = Number(path.basename(name, '.jsonl'));
    for (let index = 0; index < data.length; index++) {
      const original = data[index] ?? 0;
      for (const flip of [0x01, 0x80]) {
        data[index] = original ^ flip;
        fs.writeFileSync(file, data);
        const { findings } = verifyLog(dir);
        const named = findings.some((finding) => finding.file === name && finding.seq === seq);
        assert.ok(named, `byte ${index} of ${name}, record ${seq}: ${findings.map(brief).join(', ')}`);
      }
      data[index] = original;
      if (original === 0x0a) seq++;
    }
    fs.writeFileSync(file, data);
  }
  assert.deepEqual(verifyLog(dir).findings, []);
});

const swap = (lines: string[], a: number, b: number): string[] =>
  lines.map((line, index) => (index === a ? lines[b] : index === b ? lines[a] : undefined) ?? line);
const drop =
  (...seqs: number[]) =>
  (lines: string[]): string[] =>
    lines.filter((_, index) => !seqs.includes(index + 1));

const EDITS: readonly [string, (dir: string) => void, string[]][] = [
  ['the first record dropped', (dir) => rewrite(dir, drop(1)), ['dropped 1']],
  ['a middle record dropped', (dir) => rewrite(dir, drop(3)), ['dropped 3']],
  ['three records dropped', (dir) => rewrite(dir, drop(2, 3, 4)), ['dropped 2']],
  ['two apart dropped', (dir) => rewrite(dir, drop(2, 4)), ['dropped 2', 'dropped 4']],
  ['the last record dropped', (dir) => rewrite(dir, drop(7)), ['truncated 7']],
  ['the last two dropped', (dir) => rewrite(dir, drop(6, 7)), ['truncated 6']],
  ['everything dropped', (dir) => rewrite(dir, () => []), ['truncated 1']],
  ['two records swapped', (dir) => rewrite(dir, (lines) => swap(lines, 1, 2)), ['reordered 2']],
  [
    'two records far apart swapped',
    (dir) => rewrite(dir, (lines) => swap(lines, 1, 4)),
    ['reordered 3', 'reordered 4', 'reordered 2'],
  ],
  [
    'a record doubled',
    (dir) => rewrite(dir, (lines) => lines.flatMap((line, index) => (index === 1 ? [line, line] : [line]))),
    ['duplicated 2'],
  ],
  [
    'a line slipped in',
    (dir) => rewrite(dir, (lines) => [...lines.slice(0, 2), '{}', ...lines.slice(2)]),
    ['changed 2'],
  ],
  ['a segment removed', (dir) => fs.unlinkSync(path.join(dir, listSegments(dir)[1] ?? '')), ['dropped 4']],
  [
    'a segment renamed',
    (dir) =>
      fs.renameSync(path.join(dir, listSegments(dir)[1] ?? ''), path.join(dir, '00000000000000000005.jsonl')),
    ['renamed 4'],
  ],
  [
    'cut in the middle of a line',
    (dir) => fs.truncateSync(path.join(dir, listSegments(dir)[2] ?? ''), 50),
    ['truncated 7'],
  ],
  [
    'the last newline cut',
    (dir) => {
      const file = path.join(dir, listSegments(dir)[2] ?? '');
      fs.truncateSync(file, fs.statSync(file).size - 1);
    },
    ['truncated 7'],
  ],
  ['the head removed', (dir) => fs.unlinkSync(path.join(dir, 'head')), ['head 0']],
  [
    'the head of an older log',
    (dir) =>
      fs.writeFileSync(
        path.join(dir, 'head'),
        fs.readFileSync(path.join(dir, 'head'), 'utf8').replace('"seq":"7"', '"seq":"6"'),
      ),
    ['head 0'],
  ],
];
for (const [name, change, expected] of EDITS) {
  test(`finds and names: ${name}`, () => {
    const { findings } = verifyLog(tampered(change));
    const sequence = findings
      .map(brief)
      .filter((text) => !(expected.length > 0 && text.startsWith('renamed') && !expected.includes(text)));
    assert.deepEqual(sequence, expected);
    for (const { file, message } of findings) assert.ok(file !== '' && message !== '');
  });
}

test('finds every changed byte of the head', () => {
  const dir = tampered(() => undefined);
  const file = path.join(dir, 'head');
  const data = fs.readFileSync(file);
  for (let index = 0; index < data.length; index++) {
    const original = data[index] ?? 0;
    data[index] = original ^ 0x01;
    fs.writeFileSync(file, data);
    assert.ok(
      verifyLog(dir).findings.some(({ damage }) => damage === 'head'),
      `byte ${index}`,
    );
    data[index] = original;
  }
});

test('finds a chain that was computed anew from one record on', async () => {
  const { lineHash } = await import('./format.js');
  const dir = tampered((copy) =>
    rewrite(copy, (lines) => {
      let prev = '0'.repeat(64);
      return lines.map((line, index) => {
        const next = line.replace(/"prev":"[0-9a-f]{64}"/, `"prev":"${prev}"`).replace('"n4"', '"n9"');
        prev = lineHash(next);
        return index < 0 ? line : next;
      });
    }),
  );
  assert.deepEqual(verifyLog(dir).findings.map(brief), ['changed 7']);
});

test('a key kept elsewhere finds a log whose key was replaced too', () => {
  const pinned = path.join(root, 'pinned.pub');
  fs.copyFileSync(path.join(pristine, 'head.pub'), pinned);
  assert.deepEqual(verifyLog(pristine, pinned).findings, []);
  const dir = tampered((copy) => {
    for (const name of ['head', 'head.pub', 'head.key']) fs.rmSync(path.join(copy, name));
  });
  fs.writeFileSync(
    path.join(dir, 'head'),
    fs.readFileSync(path.join(pristine, 'head'), 'utf8').replace(/"signature":"...../, '"signature":"AAAAA'),
  );
  assert.deepEqual(verifyLog(dir, pinned).findings.map(brief), ['head 0']);
});
