/** From a plan to `policy.wasm`. The same plan always gives the same bytes. */
import { BUNDLE_ERRORS, SECTION_ENTRY_BYTES, SluiceError, abi, type pb } from '@sluice/schemas';
import { writeConditions } from './conditions.js';

import { appendTables } from './module.js';
import { COLUMN_GLOBS, RESOURCE_GLOBS, writeGlobs, writeNames } from './names.js';
import { prebuiltEvaluator } from './prebuilt.js';
import { writeIndex } from './rows.js';
import { writeRules } from './rules.js';
import { Tables } from './tables.js';

/** The policy as a module that decides: the prebuilt evaluator with the plan's tables as its one data segment. */
export function link(plan: pb.Plan, evaluator: Uint8Array = prebuiltEvaluator()): Uint8Array<ArrayBuffer> {
  return appendTables(evaluator, linkTables(plan));
}

export function linkTables(plan: pb.Plan): Uint8Array {
  if (plan.abiVersion !== abi.ABI_VERSION) {
    throw new SluiceError(
      BUNDLE_ERRORS.abi_mismatch,
      `the plan is for interface version ${plan.abiVersion}, this linker writes ${abi.ABI_VERSION}; compile the policies again`,
    );
  }
  const tables = new Tables();
  const texts = (patterns: readonly pb.Pattern[]): string[] => patterns.map(({ text }) => text);
  const isLiteral = (patterns: readonly pb.Pattern[]) => (index: number) => patterns[index]?.glob === false;
  writeNames(tables, abi.SECTION_SUBJECTS, abi.SECTION_SUBJECT_HASH, plan.subjects);
  writeNames(tables, abi.SECTION_CONNECTIONS, abi.SECTION_CONNECTION_HASH, plan.connections);
  writeNames(tables, abi.SECTION_ACTIONS, abi.SECTION_ACTION_HASH, plan.actions);
  writeNames(
    tables,
    abi.SECTION_RESOURCES,
    abi.SECTION_RESOURCE_HASH,
    texts(plan.resources),
    isLiteral(plan.resources),
  );
  writeNames(
    tables,
    abi.SECTION_COLUMNS,
    abi.SECTION_COLUMN_HASH,
    texts(plan.columns),
    isLiteral(plan.columns),
  );
  writeGlobs(tables, RESOURCE_GLOBS, plan.resources);
  writeGlobs(tables, COLUMN_GLOBS, plan.columns);
  writeIndex(tables, plan);
  writeRules(tables, plan);
  writeConditions(tables, plan);
  const header = { anySubject: plan.subjects.indexOf('*'), anyAction: plan.actions.indexOf('*') };
  return tables.bytes(header, SECTION_ENTRY_BYTES);
}
