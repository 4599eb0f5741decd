/**
 * From a folder of policies to everything that is made of it. Check, test, build, explain and format all begin
 * here, so what one of them accepts is what the others use.
 */
import { resolve } from 'node:path';
import { AUTHORING_ERRORS, type pb, type RuleInfo } from '@sluice/schemas';
import { diagnoseFile, hasErrors, sorted, type Diagnostic } from '@sluice/schemas/diagnostics';
import { readDocuments, type Read } from '@sluice/schemas/documents';
import { runChecks } from './checks/run-checks.js';
import { loadSources, type SourceFile } from './load-sources.js';
import { buildModel } from './model/build-model.js';
import type { Model } from './model/model.js';
import { buildPlan } from './plan/build-plan.js';

export interface Repository {
  readonly root: string;
  readonly model: Model;
  readonly plan: pb.Plan;
  /** In the order of `plan.rules`. */
  readonly rules: readonly RuleInfo[];
  /** Warnings only: with an error there is no repository. */
  readonly diagnostics: readonly Diagnostic[];
}

export type Compiled =
  | { readonly ok: true; readonly value: Repository }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** Reads, checks and plans every YAML file below `root`. */
export async function compileRepository(root: string): Promise<Compiled> {
  const folder = resolve(root);
  const { files, diagnostics } = await loadSources(folder);
  return compileFiles(folder, files, diagnostics);
}

/** The same for files that are already in memory. */
export function compileFiles(
  root: string,
  files: readonly SourceFile[],
  loading: readonly Diagnostic[] = [],
): Compiled {
  const diagnostics: Diagnostic[] = [...loading];
  const documents: Read[] = [];
  for (const { file, bytes } of files) {
    const read = readDocuments(file, bytes);
    documents.push(...read.documents);
    diagnostics.push(...read.diagnostics);
  }
  // Names cannot be resolved while documents are missing: findings would follow that are none.
  if (hasErrors(diagnostics)) return { ok: false, diagnostics: sorted(diagnostics) };
  const model = buildModel(documents, diagnostics);
  if (model.policies.length === 0 && !hasErrors(diagnostics)) {
    const message = 'no document of kind Policy was found';
    diagnostics.push(diagnoseFile(AUTHORING_ERRORS.no_policies, '', message));
  }
  diagnostics.push(...runChecks(model));
  if (hasErrors(diagnostics)) return { ok: false, diagnostics: sorted(diagnostics) };
  const { plan, rules } = buildPlan(model);
  return { ok: true, value: { root, model, plan, rules, diagnostics: sorted(diagnostics) } };
}
