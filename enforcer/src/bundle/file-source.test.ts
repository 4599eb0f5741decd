import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { BUNDLE_LIMIT_BYTES } from '@sluice/engine';
import { SluiceError } from '@sluice/schemas';
import { fileSource } from './file-source.js';

let dir = '';
beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), 'sluice-source-'))));
afterEach(() => rm(dir, { recursive: true }));

const signal = new AbortController().signal;

async function fetched(path: string, known?: string): Promise<{ text: string; tag: string }> {
  try {
    const answer = await fileSource(path).fetch(known, signal);
    if (answer.kind === 'unchanged') return { text: 'unchanged', tag: known ?? '' };
    return { text: new TextDecoder().decode(answer.bytes), tag: answer.tag };
  } catch (error) {
    assert.ok(error instanceof SluiceError, String(error));
    return { text: error.definition.name, tag: '' };
  }
}

test('reads a file, and says so when it did not change since', async () => {
  const path = join(dir, 'bundle.tar.gz');
  await writeFile(path, 'one');
  const { text, tag } = await fetched(path);
  assert.equal(text, 'one');
  assert.equal((await fetched(path, tag)).text, 'unchanged');
});

test('notices a file that was replaced by one of the same size and time', async () => {
  const path = join(dir, 'bundle.tar.gz');
  const time = new Date(1_700_000_000_000);
  await writeFile(path, 'one');
  await utimes(path, time, time);
  const { tag } = await fetched(path);
  await writeFile(join(dir, 'next'), 'two');
  await utimes(join(dir, 'next'), time, time);
  await rename(join(dir, 'next'), path);
  assert.equal((await fetched(path, tag)).text, 'two');
});

test('notices a file that was overwritten in place with its time set back', async () => {
  const path = join(dir, 'bundle.tar.gz');
  const time = new Date(1_700_000_000_000);
  await writeFile(path, 'one');
  await utimes(path, time, time);
  const { tag } = await fetched(path);
  await writeFile(path, 'two');
  await utimes(path, time, time);
  assert.equal((await fetched(path, tag)).text, 'two');
});

test('takes the newest bundle of a directory and nothing else in it', async () => {
  for (const [name, seconds] of [
    ['b.tar.gz', 300],
    ['a.tar.gz', 200],
    ['z.tar.gz.part', 900],
    ['notes.txt', 900],
  ] as const) {
    await writeFile(join(dir, name), name);
    await utimes(join(dir, name), seconds, seconds);
  }
  assert.equal((await fetched(dir)).text, 'b.tar.gz');
  await utimes(join(dir, 'a.tar.gz'), 300, 300);
  assert.equal((await fetched(dir)).text, 'b.tar.gz', 'of the same age, the last by name');
  await utimes(join(dir, 'a.tar.gz'), 301, 301);
  assert.equal((await fetched(dir)).text, 'a.tar.gz');
});

test('follows a link, as mounted volumes have them', async () => {
  await mkdir(join(dir, '..data-1'));
  await writeFile(join(dir, '..data-1', 'bundle.tar.gz'), 'one');
  await symlink('..data-1', join(dir, '..data'));
  await symlink(join('..data', 'bundle.tar.gz'), join(dir, 'bundle.tar.gz'));
  assert.equal((await fetched(join(dir, 'bundle.tar.gz'))).text, 'one');
  assert.equal((await fetched(dir)).text, 'one');
});

test('refuses what is missing, empty of bundles, no regular file, or too large, without waiting', async () => {
  assert.equal((await fetched(join(dir, 'missing.tar.gz'))).text, 'bundle_source_unreadable');
  assert.equal((await fetched(dir)).text, 'bundle_source_unreadable');
  // Nobody writes into this pipe: opening it would wait for ever.
  execFileSync('mkfifo', [join(dir, 'pipe.tar.gz')]);
  assert.equal((await fetched(join(dir, 'pipe.tar.gz'))).text, 'bundle_source_unreadable');
  const large = join(dir, 'large.tar.gz');
  await writeFile(large, '');
  await truncate(large, BUNDLE_LIMIT_BYTES + 1);
  assert.equal((await fetched(large)).text, 'bundle_too_large');
});

test('hints at a file that is renamed into place, and at nothing else', async () => {
  const path = join(dir, 'bundle.tar.gz');
  const stopped = new AbortController();
  let hints = 0;
  const hinted = new Promise<void>((resolve) => {
    fileSource(path).watch(() => {
      hints++;
      resolve();
    }, stopped.signal);
  });
  // The watch begins in its own time.
  await new Promise((resolve) => setTimeout(resolve, 100));
  await writeFile(join(dir, 'other'), 'x');
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(hints, 0);
  await rename(join(dir, 'other'), path);
  await hinted;
  stopped.abort();
});
