/** `sluice verify`: believes a bundle only as far as an enforcer would, and can compile it anew to compare. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  activate,
  loadPolicy,
  readArchive,
  sha256,
  SIGNED_ENTRIES,
  verifyBundle,
  type VerifiedBundle,
} from '@sluice/engine';
import { BUNDLE_ERRORS, SluiceError } from '@sluice/schemas';
import { count } from '@sluice/schemas/diagnostics';
import { buildBundle, smokeFrom } from '../../bundle/index.js';
import { link } from '../../link/index.js';
import { compileRepository } from '../../repository.js';
import type { ExitCode, Io } from '../io.js';
import { fail, printJson, type OutputOptions } from '../report.js';
import { readTrust } from '../trust-file.js';

export interface VerifyOptions extends OutputOptions {
  readonly trust: string;
  readonly rebuild?: string;
}

export async function verify(io: Io, file: string, options: VerifyOptions): Promise<ExitCode> {
  const trust = await readTrust(io, options.trust);
  const bytes = await readFile(resolve(io.cwd, file));
  const verified = await verifyBundle(bytes, trust, { nowMs: io.nowMs() });
  if (!verified.ok) throw new SluiceError(verified.error, verified.message);
  const { value: bundle } = verified;
  const active = await activate(bundle, loadPolicy);
  if (!active.ok) throw new SluiceError(active.error, active.message);
  const rebuilt =
    options.rebuild === undefined ? undefined : await rebuild(io, bundle, options, options.rebuild);
  if (typeof rebuilt === 'number') return rebuilt;

  const { version, digest, signers, issuedMs, expiresMs, rules, smoke, manifest } = bundle;
  const { audience, issuer, revision } = manifest;
  const times = { issued: new Date(issuedMs).toISOString(), expires: new Date(expiresMs).toISOString() };
  if (options.json) {
    printJson(io, {
      ok: true,
      file,
      version,
      digest,
      audience,
      issuer,
      revision,
      signers,
      ...times,
      rules: rules.length,
      smoke: smoke.length,
      ...(rebuilt && { rebuilt: true }),
    });
    return 0;
  }
  io.stdout(`${file}: verified, signed by ${signers.join(', ')}\n`);
  io.stdout(`  version ${version} for \`${audience}\` by \`${issuer}\`, expires ${times.expires}\n`);
  io.stdout(
    `  ${count(rules.length, 'rule')}, ${count(smoke.length, 'smoke request')} decided as expected\n`,
  );
  io.stdout(`  sha256 ${digest}\n`);
  if (rebuilt) io.stdout(`  compiled anew from \`${options.rebuild}\`: every entry is the same\n`);
  return 0;
}

/** Compiles the sources under the names the bundle gives itself; every entry must come out the same. */
async function rebuild(
  io: Io,
  bundle: VerifiedBundle,
  options: VerifyOptions,
  dir: string,
): Promise<ExitCode | true> {
  const root = resolve(io.cwd, dir);
  const compiled = await compileRepository(root);
  if (!compiled.ok) return fail(io, options, root, compiled.diagnostics);
  const { value: repository } = compiled;
  const wasm = link(repository.plan);
  const { decidedRequests, runTests } = await import('../../testing/run-tests.js');
  const { version, revision, audience, issuer } = bundle.manifest;
  const again = buildBundle({
    plan: repository.plan,
    rules: repository.rules,
    wasm,
    connections: repository.model.connections,
    smoke: smokeFrom(decidedRequests(await runTests(repository, { wasm }))),
    version: Number(version),
    revision,
    audience,
    issuer,
  });
  const [theirs, ours] = [readArchive(bundle.bytes), readArchive(again)];
  const digestOf = (entry: Uint8Array | undefined): string => (entry ? sha256(entry) : 'nothing');
  const changed = SIGNED_ENTRIES.filter((name) => digestOf(theirs.get(name)) !== digestOf(ours.get(name)));
  if (changed.length === 0) return true;
  const names = changed.map((name) => `\`${name}\``).join(', ');
  const message = `the sources in \`${dir}\` do not give this bundle: ${names} came out different`;
  throw new SluiceError(BUNDLE_ERRORS.bundle_hash_mismatch, message);
}
