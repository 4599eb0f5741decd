import type { DecisionRequest } from '@sluice/schemas';
import type { Workload } from './workload.js';

/** One way to decide: built from a workload once, then asked. */
export interface Contender {
  readonly name: string;
  /** Whether request `index` of the workload is allowed. */
  allows(index: number): boolean;
}

export type MakeContender = (workload: Workload) => Contender;

/** A request is allowed when each access is; contenders that know only single accesses are asked one by one. */
export function everyAccess(
  request: DecisionRequest,
  allows: (action: string, resource: string) => boolean,
): boolean {
  return request.accesses.every(({ action, resource }) => allows(action, resource));
}

export function requestAt(workload: Workload, index: number): DecisionRequest {
  const request = workload.requests[index];
  if (request === undefined) throw new RangeError(`no request ${index}`);
  return request;
}
