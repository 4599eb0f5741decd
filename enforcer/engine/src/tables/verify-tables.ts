/** Proves that tables can be decided over: after this the evaluator cannot read outside, hang or run off. */
import { verifyConditions } from './verify-conditions.js';
import { verifyIndex } from './verify-index.js';
import { verifyNames } from './verify-names.js';
import { TablesView } from './view.js';

export function verifyTables(bytes: Uint8Array): TablesView {
  const tables = new TablesView(bytes);
  verifyNames(tables);
  verifyIndex(tables);
  verifyConditions(tables);
  return tables;
}
