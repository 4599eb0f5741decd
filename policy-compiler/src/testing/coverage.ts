/** Which rules the cases of a repository reach. */
import { AUTHORING_ERRORS } from '@sluice/schemas';
import { diagnose, type Diagnostic } from '@sluice/schemas/diagnostics';
import { originAt } from '@sluice/schemas/yaml';
import type { Rule } from '../model/model.js';
import type { Repository } from '../repository.js';
import type { CaseResult } from './run-tests.js';

export interface Coverage {
  readonly covered: number;
  readonly total: number;
  readonly untested: readonly Rule[];
}

/** A rule is reached when it matched in some case, whether its condition held or failed; shadow rules too. */
export function coverageOf({ model, rules }: Repository, results: readonly CaseResult[]): Coverage {
  const reached = new Set(
    results.flatMap(({ judgement }) => judgement.matches.map(({ rule }) => rules[rule]?.id)),
  );
  const authored = model.policies.flatMap((policy) => policy.rules);
  const untested = authored.filter(({ id }) => !reached.has(id));
  return { covered: authored.length - untested.length, total: authored.length, untested };
}

export function untestedRules(repository: Repository, results: readonly CaseResult[]): readonly Diagnostic[] {
  return coverageOf(repository, results).untested.map((rule) => {
    const origin = originAt(rule.policy.document.yaml, [...rule.path, 'id']);
    return diagnose(AUTHORING_ERRORS.untested_rule, origin, `no test case reaches the rule \`${rule.id}\``);
  });
}
