/** The table of checks: each looks at the whole model and says what it finds. */
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import type { Model } from '../model/model.js';

export type Check = (model: Model) => Iterable<Diagnostic>;

const CHECKS: readonly Check[] = [];

export function runChecks(model: Model): readonly Diagnostic[] {
  return CHECKS.flatMap((check) => [...check(model)]);
}
