/** A bundle file on disk, or a directory of which the newest `*.tar.gz` counts. */
import { watch, type BigIntStats } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BUNDLE_LIMIT_BYTES } from '@sluice/engine';
import { BUNDLE_ERRORS, SluiceError } from '@sluice/schemas';
import type { BundleSource, Fetched } from './source.js';

const EXTENSION = '.tar.gz';

interface Found {
  readonly path: string;
  readonly stats: BigIntStats;
}

export function fileSource(path: string): BundleSource {
  return {
    name: path,
    fetch: (known) => fetchFile(path, known),
    watch: (onHint, signal) => void watchPath(path, onHint, signal),
  };
}

async function fetchFile(path: string, known: string | undefined): Promise<Fetched> {
  try {
    const found = await findNewest(path);
    if (tagOf(found) === known) return { kind: 'unchanged' };
    return await read(found);
  } catch (cause) {
    // Fail closed: what cannot be read is no candidate, and confirms nothing.
    if (cause instanceof SluiceError) throw cause;
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
    throw unreadable(`\`${path}\` cannot be read (${code})`, cause);
  }
}

async function findNewest(path: string): Promise<Found> {
  const stats = await stat(path, { bigint: true });
  if (!stats.isDirectory()) return { path, stats };
  const names = (await readdir(path)).filter((name) => name.endsWith(EXTENSION));
  const files: Found[] = [];
  for (const name of names) {
    const file = join(path, name);
    files.push({ path: file, stats: await stat(file, { bigint: true }) });
  }
  const newest = files.toSorted(byAge).at(-1);
  if (newest === undefined)
    throw unreadable(`the directory \`${path}\` holds no file that ends in \`${EXTENSION}\``);
  return newest;
}

/** Oldest first; of the same age, by name, so that the answer does not depend on the order of the directory. */
function byAge(left: Found, right: Found): number {
  if (left.stats.mtimeNs !== right.stats.mtimeNs) return left.stats.mtimeNs < right.stats.mtimeNs ? -1 : 1;
  return left.path < right.path ? -1 : 1;
}

async function read({ path, stats }: Found): Promise<Fetched> {
  // Asked before opening: opening a pipe would wait for its writer.
  if (!stats.isFile()) throw unreadable(`\`${path}\` is no regular file`);
  const handle = await open(path, 'r');
  try {
    const before = await handle.stat({ bigint: true });
    if (before.size > BUNDLE_LIMIT_BYTES) {
      const message = `\`${path}\` has ${before.size} bytes, at most ${BUNDLE_LIMIT_BYTES} are read`;
      throw new SluiceError(BUNDLE_ERRORS.bundle_too_large, message);
    }
    // One byte more than the file has, so that a file that grows meanwhile is noticed and memory stays bounded.
    const buffer = new Uint8Array(Number(before.size) + 1);
    let length = 0;
    for (let bytesRead = -1; bytesRead !== 0 && length < buffer.length; length += bytesRead) {
      ({ bytesRead } = await handle.read(buffer, length, buffer.length - length));
    }
    const after = await handle.stat({ bigint: true });
    if (length !== Number(before.size) || tagOf({ path, stats: before }) !== tagOf({ path, stats: after })) {
      throw new SluiceError(BUNDLE_ERRORS.bundle_malformed, `\`${path}\` is still being written`);
    }
    return { kind: 'candidate', bytes: buffer.subarray(0, length), tag: tagOf({ path, stats: before }) };
  } finally {
    await handle.close();
  }
}

/** Changes with every write and every rename: nobody can set the time of a change (ctime) back. */
const tagOf = ({ path, stats }: Found): string =>
  [path, stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(' ');

/** Watches the directory, not the file: a file that is replaced by renaming is another file. */
async function watchPath(path: string, onHint: () => void, signal: AbortSignal): Promise<void> {
  try {
    // What is not there yet is watched for as a file.
    const isDirectory = (await stat(path).catch(() => undefined))?.isDirectory() === true;
    const concerns = (name: string): boolean =>
      isDirectory ? name.endsWith(EXTENSION) : name === basename(path);
    if (signal.aborted) return;
    const watcher = watch(isDirectory ? path : dirname(path), { signal }, (_event, name) => {
      // Names with two dots: how mounted volumes swap a whole directory at once.
      if (name === null || concerns(name) || name.startsWith('..')) onHint();
    });
    watcher.on('error', () => watcher.close());
  } catch {
    // A directory that cannot be watched is polled all the same; nothing is believed on the word of a hint.
  }
}

const unreadable = (message: string, cause?: unknown): SluiceError =>
  new SluiceError(BUNDLE_ERRORS.bundle_source_unreadable, message, { cause });
