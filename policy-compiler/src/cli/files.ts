/** Files that commands read and write besides policies. */
import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AUTHORING_ERRORS, SluiceError } from '@sluice/schemas';

/** Whole or not at all: an enforcer that watches the file never sees half a bundle. */
export async function writeWhole(file: string, bytes: Uint8Array | string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const aside = `${file}.${process.pid}.tmp`;
  await writeFile(aside, bytes);
  await rename(aside, file);
}

/** Never over a file that is there. */
export async function writeNew(file: string, text: string, mode = 0o666): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  try {
    const handle = await open(file, 'wx', mode);
    await handle.writeFile(text);
    await handle.close();
  } catch (cause) {
    // Fail closed: a file that is there stays as it is.
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    throw new SluiceError(AUTHORING_ERRORS.would_overwrite, `\`${file}\` is already there`);
  }
}

/** A file of ours that holds JSON, such as a key. The message never repeats what the file holds. */
export async function readJsonFile(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8');
  try {
    return JSON.parse(text);
  } catch {
    // Fail closed: without the document the command cannot go on.
    throw new SluiceError(AUTHORING_ERRORS.malformed_value, `\`${file}\` is not JSON`);
  }
}
