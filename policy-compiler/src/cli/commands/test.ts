/** `sluice test`: every case of a repository, expected beside actual where they differ. */
import { resolve } from 'node:path';
import { count, painter } from '@sluice/schemas/diagnostics';
import { originAt } from '@sluice/schemas/yaml';
import { compileRepository } from '../../repository.js';
import { coverageOf } from '../../testing/coverage.js';
import { runTests, type CaseResult } from '../../testing/run-tests.js';
import type { ExitCode, Io } from '../io.js';
import { fail, printJson, shownFile, type OutputOptions } from '../report.js';

export interface TestOptions extends OutputOptions {
  readonly filter?: string;
}

export async function test(io: Io, dir: string, options: TestOptions): Promise<ExitCode> {
  const root = resolve(io.cwd, dir);
  const compiled = await compileRepository(root);
  if (!compiled.ok) return fail(io, options, root, compiled.diagnostics);
  const { value: repository } = compiled;
  const results = await runTests(repository, options.filter === undefined ? {} : { filter: options.filter });
  const failed = results.filter(({ differences }) => differences.length > 0);
  const coverage = coverageOf(repository, results);
  const fine = failed.length === 0 && results.length > 0;
  if (options.json) {
    const { covered, total, untested } = coverage;
    const rules = { covered, total, untested: untested.map(({ id }) => id) };
    printJson(io, {
      ok: fine,
      passed: results.length - failed.length,
      failed: failed.length,
      rules,
      cases: results.map((result) => toJson(io, root, result)),
    });
    return fine ? 0 : 1;
  }
  if (results.length === 0) {
    io.stderr(options.filter === undefined ? 'no test cases were found\n' : 'no test case has such a name\n');
    return 1;
  }
  const paint = painter(io.colour);
  for (const result of failed) io.stdout(`${describeFailure(io, root, result)}\n\n`);
  const passed = `${results.length - failed.length} passed`;
  const verdict = failed.length > 0 ? paint('red', `${failed.length} failed`) : '0 failed';
  io.stdout(
    `${count(results.length, 'case')}: ${passed}, ${verdict}; ${coverage.covered} of ${count(coverage.total, 'rule')} reached\n`,
  );
  if (options.filter === undefined) {
    for (const { id } of coverage.untested) io.stdout(`${paint('yellow', 'not reached:')} ${id}\n`);
  }
  return fine ? 0 : 1;
}

/** A table of two columns, then the rules that decided. */
function describeFailure(io: Io, root: string, result: CaseResult): string {
  const { test: entry, judgement, differences } = result;
  const paint = painter(io.colour);
  const { file, line, column } = placeOf(io, root, result);
  const lines = [`${file}:${line}:${column} ${paint('red', 'failed')} ${paint('bold', entry.name)}`];
  const width = Math.max('expected'.length, ...differences.map(({ expected }) => expected.length));
  const head = Math.max(...differences.map(({ what }) => what.length));
  lines.push(`  ${' '.repeat(head)}  ${'expected'.padEnd(width)}  actual`);
  for (const { what, expected, actual } of differences) {
    lines.push(`  ${what.padEnd(head)}  ${paint('green', expected.padEnd(width))}  ${paint('red', actual)}`);
  }
  if (judgement.error) lines.push(`  because  ${judgement.error.code} ${judgement.message}`);
  for (const rule of judgement.deciding) {
    const place = `${shownFile(io, root, rule.file)}:${rule.line}:${rule.column}`;
    lines.push(`  rule     ${rule.id} (${rule.effect}) ${place}`);
  }
  return lines.join('\n');
}

function placeOf(
  io: Io,
  root: string,
  { test: entry }: CaseResult,
): { file: string; line: number; column: number } {
  const { source, start } = originAt(entry.document.yaml, [...entry.path, 'expect']);
  return { file: shownFile(io, root, source.file), ...source.positionAt(start) };
}

function toJson(io: Io, root: string, result: CaseResult): object {
  const { test: entry, judgement, differences } = result;
  return {
    suite: entry.suite,
    name: entry.name,
    ...placeOf(io, root, result),
    passed: differences.length === 0,
    differences,
    outcome: judgement.outcome,
    ...(judgement.error && { code: judgement.error.code, message: judgement.message }),
    rules: judgement.deciding.map(({ id }) => id),
    masks: judgement.masks,
    ...(judgement.rows !== undefined && { rows: judgement.rows }),
  };
}
