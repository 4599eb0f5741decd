/** Asks the planner how many rows one statement would return or change. It plans the statement and does not run it. */
import type { ControlConnection } from './control-connection.js';

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Plan Rows': number;
  readonly Plans?: readonly PlanNode[];
}

/** `text` is one statement. With parameters the plan is generic, which PostgreSQL knows since 16. */
export async function estimateRows(
  control: ControlConnection,
  text: string,
  hasParameters: boolean,
): Promise<bigint | undefined> {
  const options = hasParameters ? 'FORMAT JSON, GENERIC_PLAN' : 'FORMAT JSON';
  try {
    const [json = '[]'] = await control.query(`EXPLAIN (${options}) ${text}`);
    const [explained] = JSON.parse(json) as readonly { readonly Plan: PlanNode }[];
    const plan = explained?.Plan;
    return plan && BigInt(Math.round(Math.min(rowsOf(plan), Number.MAX_SAFE_INTEGER)));
  } catch {
    // Fails closed: the fact stays unknown, and a condition that reads it never widens.
    return undefined;
  }
}

/** A ModifyTable node returns nothing unless it has RETURNING: what it changes is what its input returns. */
export function rowsOf(plan: PlanNode): number {
  const children = plan.Plans ?? [];
  const changed = children.reduce((sum, child) => sum + child['Plan Rows'], 0);
  const own = plan['Node Type'] === 'ModifyTable' ? changed : plan['Plan Rows'];
  const modified = children.filter(modifies).map(rowsOf);
  return Math.max(own, ...modified);
}

/** Data-modifying CTEs hang below the node that reads them. */
function modifies(plan: PlanNode): boolean {
  return plan['Node Type'] === 'ModifyTable' || (plan.Plans ?? []).some(modifies);
}
