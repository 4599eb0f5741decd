/**
 * What must survive a restart, in one directory per channel:
 *
 *   highest-version.json   {"version":7,"digest":"<content digest>"}   apart from the cache: emptying the cache
 *                                                                     must not open the way for an old bundle
 *   last-good.tar.gz       the cache: the bundle as it was accepted; it is verified again when it is read
 *   confirmed.json         {"confirmedMs":1700000000000}               when the source last confirmed it
 */
import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BUNDLE_LIMIT_BYTES, type HighestVersion, type Trust } from '@sluice/engine';
import { BUNDLE_ERRORS, SluiceError } from '@sluice/schemas';

const HIGHEST = 'highest-version.json';
const LAST_GOOD = 'last-good.tar.gz';
const CONFIRMED = 'confirmed.json';

export class BundleStore {
  readonly #dir: string;
  /** Also in memory: a record that is removed under a running enforcer is not forgotten. */
  #highest: HighestVersion | undefined;

  constructor(stateDir: string, { audience, issuer }: Trust) {
    const channel = createHash('sha256')
      .update(JSON.stringify([audience, issuer]))
      .digest('hex');
    this.#dir = join(stateDir, `channel-${channel.slice(0, 16)}`);
  }

  /** Undefined when no bundle of this channel was ever accepted here. */
  async readHighest(): Promise<HighestVersion | undefined> {
    if (this.#highest !== undefined) return this.#highest;
    const path = join(this.#dir, HIGHEST);
    const record = await readJson(path);
    if (record === undefined) return undefined;
    const { version, digest } = record;
    if (!Number.isSafeInteger(version) || typeof digest !== 'string' || !/^[0-9a-f]{64}$/.test(digest)) {
      throw unreadable(path);
    }
    this.#highest = { version: Number(version), digest };
    return this.#highest;
  }

  async writeHighest({ version, digest }: HighestVersion): Promise<void> {
    await this.#write(HIGHEST, JSON.stringify({ version, digest }));
    this.#highest = { version, digest };
  }

  async readLastGood(): Promise<Uint8Array | undefined> {
    const path = join(this.#dir, LAST_GOOD);
    const bytes = await readIfThere(path);
    // A cache that cannot be a bundle is no cache; the source is asked in any case.
    return bytes !== undefined && bytes.length <= BUNDLE_LIMIT_BYTES ? bytes : undefined;
  }

  writeLastGood(bytes: Uint8Array): Promise<void> {
    return this.#write(LAST_GOOD, bytes);
  }

  /** Undefined when it is not known. */
  async readConfirmedMs(): Promise<number | undefined> {
    const path = join(this.#dir, CONFIRMED);
    // Fail closed: unknown is answered by the caller with the oldest time it can be.
    const record = await readJson(path).catch(() => undefined);
    return typeof record?.confirmedMs === 'number' ? record.confirmedMs : undefined;
  }

  writeConfirmedMs(confirmedMs: number): Promise<void> {
    return this.#write(CONFIRMED, JSON.stringify({ confirmedMs }));
  }

  async #write(name: string, content: string | Uint8Array): Promise<void> {
    const path = join(this.#dir, name);
    try {
      await mkdir(this.#dir, { recursive: true, mode: 0o700 });
      await writeAtomically(path, content);
    } catch (cause) {
      // Fail closed: the caller must not go on as if it were on disk.
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
      throw new SluiceError(
        BUNDLE_ERRORS.bundle_state_unwritable,
        `\`${path}\` cannot be written (${code})`,
        {
          cause,
        },
      );
    }
  }
}

/** Either the old content or the new one is there after a crash, never a part of it. */
async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.next`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const directory = await open(dirname(path), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function readJson(path: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const bytes = await readIfThere(path);
  if (bytes === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch {
    // Fail closed: falls through to the refusal below.
  }
  throw unreadable(path);
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    // Fail closed: there may be something that forbids what we are about to do.
    throw unreadable(path, cause);
  }
}

const unreadable = (path: string, cause?: unknown): SluiceError =>
  new SluiceError(BUNDLE_ERRORS.bundle_state_unreadable, `\`${path}\` cannot be read`, { cause });
