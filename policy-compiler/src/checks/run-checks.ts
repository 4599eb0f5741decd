/** The table of checks: each looks at the whole model and says what it finds. */
import type { Diagnostic } from '@sluice/schemas/diagnostics';
import type { Model } from '../model/model.js';
import { coveredRules } from './covered-rules.js';
import { idleMasks } from './idle-masks.js';
import { mixedScripts } from './mixed-scripts.js';
import { reservedConnectRule } from './reserved-rule.js';
import { faultyTestCases } from './test-cases.js';
import { unknownColumns, unknownResources, unknownTaggedColumns } from './unknown-names.js';

export type Check = (model: Model) => Iterable<Diagnostic>;

const CHECKS: readonly Check[] = [
  unknownResources,
  unknownColumns,
  unknownTaggedColumns,
  reservedConnectRule,
  coveredRules,
  idleMasks,
  mixedScripts,
  faultyTestCases,
];

export function runChecks(model: Model): readonly Diagnostic[] {
  return CHECKS.flatMap((check) => [...check(model)]);
}
