/** The files of a policy repository: every YAML file below a folder, in a fixed order, within bounds. */
import { lstat, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AUTHORING_ERRORS } from '@sluice/schemas';
import { diagnoseFile, type Diagnostic } from '@sluice/schemas/diagnostics';
import { FILE_LIMIT_BYTES } from '@sluice/schemas/yaml';

export interface SourceFile {
  /** Relative to the repository, with forward slashes. */
  readonly file: string;
  readonly bytes: Uint8Array;
}

export interface Sources {
  readonly files: readonly SourceFile[];
  readonly diagnostics: readonly Diagnostic[];
}

const FILES_LIMIT = 10_000;

/**
 * Left out are names that begin with `.` or `_` and `node_modules`, so that drafts and tools have a place. Links
 * are refused: what is reviewed must be what is compiled.
 */
export async function loadSources(root: string): Promise<Sources> {
  const files: SourceFile[] = [];
  const diagnostics: Diagnostic[] = [];
  const single = (await stat(root)).isFile();
  const names = single ? [''] : await listYaml(root, '', diagnostics);
  for (const name of names.slice(0, FILES_LIMIT)) {
    const file = name || (root.split('/').at(-1) ?? root);
    const path = name ? join(root, name) : root;
    try {
      const { size } = await stat(path);
      // Not even read: the limit is there to bound memory.
      const bytes = size > FILE_LIMIT_BYTES ? new Uint8Array(FILE_LIMIT_BYTES + 1) : await readFile(path);
      files.push({ file, bytes });
    } catch (cause) {
      // Fail closed: a file that cannot be read may hold a deny, so it is an error and nothing is built.
      const message = `the file cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
      diagnostics.push(diagnoseFile(AUTHORING_ERRORS.unreadable_file, file, message));
    }
  }
  if (names.length > FILES_LIMIT) {
    const message = `the folder holds ${names.length} files, at most ${FILES_LIMIT} are read`;
    diagnostics.push(diagnoseFile(AUTHORING_ERRORS.yaml_too_large, '', message));
  }
  return { files, diagnostics };
}

async function listYaml(root: string, folder: string, diagnostics: Diagnostic[]): Promise<string[]> {
  const found: string[] = [];
  const entries = await readdir(join(root, folder));
  for (const entry of entries.sort()) {
    if (/^[._]/.test(entry) || entry === 'node_modules') continue;
    const name = folder ? `${folder}/${entry}` : entry;
    const kind = await lstat(join(root, name));
    const isYaml = /\.ya?ml$/.test(entry);
    if (kind.isSymbolicLink()) {
      const message = 'the file is a link, which is not followed';
      if (isYaml) diagnostics.push(diagnoseFile(AUTHORING_ERRORS.unreadable_file, name, message));
    } else if (kind.isDirectory()) found.push(...(await listYaml(root, name, diagnostics)));
    else if (kind.isFile() && isYaml) found.push(name);
  }
  return found;
}
