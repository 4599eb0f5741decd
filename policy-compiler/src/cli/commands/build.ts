/** `sluice build`: a folder of policies to one bundle file, signed when keys are given. */
import { resolve } from 'node:path';
import { AUTHORING_ERRORS, SluiceError } from '@sluice/schemas';
import { count } from '@sluice/schemas/diagnostics';
import { buildBundle, signBundle, smokeFrom } from '../../bundle/index.js';
import { link } from '../../link/index.js';
import { parseSeconds } from '../../model/durations.js';
import { compileRepository } from '../../repository.js';
import type { ExitCode, Io } from '../io.js';
import { readJsonFile, writeWhole } from '../files.js';
import { fail, printFindings, printJson, seenFrom, type OutputOptions } from '../report.js';

export interface BuildOptions extends OutputOptions {
  readonly out: string;
  readonly key: readonly string[];
  readonly bundleVersion?: string;
  readonly revision: string;
  readonly audience: string;
  readonly issuer: string;
  readonly expires: string;
  readonly test: boolean;
}

export async function build(io: Io, dir: string, options: BuildOptions): Promise<ExitCode> {
  const version = versionOf(options.bundleVersion, io.nowMs());
  const expiresSeconds = expiryOf(options.expires);
  const keys = await Promise.all(options.key.map((file) => readJsonFile(resolve(io.cwd, file))));
  const root = resolve(io.cwd, dir);
  const compiled = await compileRepository(root);
  if (!compiled.ok) return fail(io, options, root, compiled.diagnostics);
  const { value: repository } = compiled;
  const wasm = link(repository.plan);
  const { decidedRequests, failures, runTests } = await import('../../testing/run-tests.js');
  const results = await runTests(repository, { wasm });
  const failed = options.test ? failures(results) : [];
  if (failed.length > 0) return fail(io, options, root, failed);

  const unsigned = buildBundle({
    plan: repository.plan,
    rules: repository.rules,
    wasm,
    connections: repository.model.connections,
    smoke: smokeFrom(decidedRequests(results)),
    version,
    revision: options.revision,
    audience: options.audience,
    issuer: options.issuer,
  });
  const bundle =
    keys.length > 0 ? await signBundle(unsigned, keys, { expiresSeconds, nowMs: io.nowMs() }) : unsigned;
  const out = resolve(io.cwd, options.out);
  await writeWhole(out, bundle);
  const warnings = seenFrom(io, root, repository.diagnostics);
  const { rules } = repository;
  if (options.json) {
    const signed = keys.length > 0;
    printJson(io, {
      ok: true,
      file: options.out,
      bytes: bundle.length,
      version,
      rules: rules.length,
      signed,
      diagnostics: warnings,
    });
  } else {
    printFindings(io, warnings);
    const signed = keys.length > 0 ? `signed with ${count(keys.length, 'key')}` : 'not signed';
    io.stdout(
      `${options.out}: version ${version}, ${count(rules.length, 'rule')}, ${bundle.length} bytes, ${signed}\n`,
    );
  }
  return 0;
}

/** Seconds since 1970 rise by themselves, which is what a version must do. */
function versionOf(text: string | undefined, nowMs: number): number {
  if (text === undefined) return Math.floor(nowMs / 1000);
  const version = /^[1-9]\d{0,15}$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(version)) return version;
  throw new SluiceError(
    AUTHORING_ERRORS.usage,
    `\`${text}\` is no bundle version, expected a whole number from 1`,
  );
}

export function expiryOf(text: string): number {
  if (/^[1-9]\d{0,5}[smhd]$/.test(text)) return parseSeconds(text);
  throw new SluiceError(AUTHORING_ERRORS.usage, `\`${text}\` is no time, expected for example \`90d\``);
}
