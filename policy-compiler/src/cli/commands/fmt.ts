/** `sluice fmt`: the canonical layout of policy files. */
import { resolve } from 'node:path';
import { AUTHORING_ERRORS } from '@sluice/schemas';
import { count, diagnoseFile, hasErrors, type Diagnostic } from '@sluice/schemas/diagnostics';
import { formatYaml } from '../../format/format-yaml.js';
import { loadSources } from '../../load-sources.js';
import { writeWhole } from '../files.js';
import type { ExitCode, Io } from '../io.js';
import { fail, printJson, shownFile, type OutputOptions } from '../report.js';

export interface FmtOptions extends OutputOptions {
  readonly check: boolean;
}

export async function fmt(io: Io, dir: string, options: FmtOptions): Promise<ExitCode> {
  const root = resolve(io.cwd, dir);
  const { files, diagnostics } = await loadSources(root);
  const findings: Diagnostic[] = [...diagnostics];
  const changed: string[] = [];
  for (const { file, bytes } of files) {
    const formatted = formatYaml(file, bytes);
    if (!formatted.ok) findings.push(...formatted.diagnostics);
    else if (formatted.changed) {
      changed.push(file);
      if (options.check) {
        const message = 'the file is not in the canonical layout';
        findings.push(diagnoseFile(AUTHORING_ERRORS.unformatted, file, message));
      } else
        await writeWhole(
          files.length === 1 && root.endsWith(file) ? root : resolve(root, file),
          formatted.text,
        );
    }
  }
  if (hasErrors(findings)) return fail(io, options, root, findings);
  const shown = changed.map((file) => shownFile(io, root, file));
  if (options.json) printJson(io, { ok: true, files: files.length, changed: shown });
  else {
    for (const file of shown) io.stdout(`${file}\n`);
    io.stdout(`${count(files.length, 'file')}, ${changed.length} changed\n`);
  }
  return 0;
}
