/** Runs the cases of a repository through the parser, the linked evaluator and the terms that production uses. */
import { loadPolicy, type Policy } from '@sluice/engine';
import { loadParser } from '@sluice/facts';
import { AUTHORING_ERRORS } from '@sluice/schemas';
import { diagnose, type Diagnostic } from '@sluice/schemas/diagnostics';
import { originAt } from '@sluice/schemas/yaml';
import type { DecidedRequest } from '../bundle/index.js';
import { link } from '../link/index.js';
import type { Repository } from '../repository.js';
import { casesOf, type TestCase } from './cases.js';
import { compare, type Difference } from './compare.js';
import { emptyCatalog } from './empty-catalog.js';
import { judge, type Judgement } from './judge.js';

export interface CaseResult {
  readonly test: TestCase;
  readonly judgement: Judgement;
  /** Empty when the case passed. */
  readonly differences: readonly Difference[];
}

export interface RunOptions {
  /** The policy already linked. */
  readonly wasm?: Uint8Array;
  /** Only cases whose name holds this. */
  readonly filter?: string;
}

export async function runTests(
  repository: Repository,
  options: RunOptions = {},
): Promise<readonly CaseResult[]> {
  const cases = repository.model.tests
    .flatMap(casesOf)
    .filter(({ name, suite }) => `${suite}: ${name}`.includes(options.filter ?? ''));
  if (cases.length === 0) return [];
  const policy = loadPolicy(options.wasm ?? link(repository.plan), repository.rules);
  await loadParser();
  const catalogs = new Map(repository.model.connections.map(({ name, catalog }) => [name, catalog]));
  return cases.map((test) => runCase(policy, test, catalogs));
}

function runCase(
  policy: Policy,
  test: TestCase,
  catalogs: ReadonlyMap<string, Repository['model']['connections'][number]['catalog']>,
): CaseResult {
  const catalog = catalogs.get(test.request.connection) ?? emptyCatalog;
  const judgement = judge(policy, catalog, test.request);
  return { test, judgement, differences: compare(test.expect, judgement) };
}

/** A finding for each failed case, at the place of its expectation. */
export function failures(results: readonly CaseResult[]): readonly Diagnostic[] {
  return results.flatMap(({ test, differences }) => {
    if (differences.length === 0) return [];
    const origin = originAt(test.document.yaml, [...test.path, 'expect']);
    const [first] = differences;
    const message = `\`${test.name}\`: expected ${first?.what} \`${first?.expected}\`, got \`${first?.actual}\``;
    return [diagnose(AUTHORING_ERRORS.test_failed, origin, message)];
  });
}

/** What was decided, for the smoke requests of a bundle. */
export function decidedRequests(results: readonly CaseResult[]): readonly DecidedRequest[] {
  return results.flatMap(({ judgement: { request, decision } }) =>
    request && decision ? [{ request, decision }] : [],
  );
}
