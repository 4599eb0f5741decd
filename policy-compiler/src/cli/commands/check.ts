/** `sluice check`: findings of a repository, rules that no test reaches among them. */
import { resolve } from 'node:path';
import { count, hasErrors, sorted, type Diagnostic } from '@sluice/schemas/diagnostics';
import { compileRepository } from '../../repository.js';
import type { ExitCode, Io } from '../io.js';
import { fail, printFindings, printJson, seenFrom, type OutputOptions } from '../report.js';

export interface CheckOptions extends OutputOptions {
  readonly strict: boolean;
}

export async function check(io: Io, dir: string, options: CheckOptions): Promise<ExitCode> {
  const root = resolve(io.cwd, dir);
  const compiled = await compileRepository(root);
  if (!compiled.ok) return fail(io, options, root, compiled.diagnostics);
  const { value: repository } = compiled;
  const { runTests } = await import('../../testing/run-tests.js');
  const { untestedRules } = await import('../../testing/coverage.js');
  const untested = untestedRules(repository, await runTests(repository));
  const findings: Diagnostic[] = seenFrom(io, root, sorted([...repository.diagnostics, ...untested]));
  const fine = !hasErrors(findings) && !(options.strict && findings.length > 0);
  if (options.json) {
    printJson(io, {
      ok: fine,
      policies: repository.model.policies.length,
      rules: repository.rules.length,
      diagnostics: findings,
    });
  } else {
    printFindings(io, findings);
    const { policies } = repository.model;
    const verdict = findings.length === 0 ? 'no findings' : 'no errors';
    if (fine)
      io.stdout(
        `${count(policies.length, 'policy')} with ${count(repository.rules.length, 'rule')}: ${verdict}\n`.replace(
          'policys',
          'policies',
        ),
      );
  }
  return fine ? 0 : 1;
}
