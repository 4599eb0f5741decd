/** `sluice init`: a small policy repository to begin with. It passes its own tests; a test of ours makes sure. */
import { access, readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AUTHORING_ERRORS, SluiceError } from '@sluice/schemas';
import { writeNew } from '../files.js';
import type { ExitCode, Io } from '../io.js';
import { printJson, type OutputOptions } from '../report.js';

const STARTER = fileURLToPath(new URL('../../../starter', import.meta.url));

/** npm does not pack a file of this name, so it is stored under another. */
const RENAMED: Readonly<Record<string, string>> = { gitignore: '.gitignore' };

export async function init(io: Io, dir: string, options: OutputOptions): Promise<ExitCode> {
  const root = resolve(io.cwd, dir);
  const files = (await listFiles(STARTER, '')).map((name) => [name, RENAMED[name] ?? name] as const);
  // Looked at before anything is written, so that a refusal leaves the folder as it was.
  for (const [, name] of files) {
    if (await exists(join(root, name))) {
      const message = `\`${join(dir, name)}\` is already there, and nothing was written`;
      throw new SluiceError(AUTHORING_ERRORS.would_overwrite, message);
    }
  }
  for (const [stored, name] of files)
    await writeNew(join(root, name), await readFile(join(STARTER, stored), 'utf8'));
  const written = files.map(([, name]) => join(dir, name));
  if (options.json) printJson(io, { ok: true, files: written });
  else {
    for (const name of written) io.stdout(`${name}\n`);
    const go = dir === '.' ? '' : `cd ${dir} && `;
    io.stdout(`\nTry: ${go}sluice check && sluice test && sluice build\n`);
  }
  return 0;
}

async function listFiles(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  const found = await Promise.all(
    entries.map(async (entry) => {
      const name = folder ? `${folder}/${entry.name}` : entry.name;
      return entry.isDirectory() ? listFiles(root, name) : [name];
    }),
  );
  return found.flat().sort();
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    // Not there, or not to be seen; writing, which never overwrites, will tell.
    return false;
  }
}
