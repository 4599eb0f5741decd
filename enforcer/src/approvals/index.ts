/** Approvals: requests that wait for a person. Start reading in `approval-desk.ts`. */
export { toMessage, type Approval, type ApprovalState } from './approval.js';
export {
  openApprovalDesk,
  type AnswerResult,
  type ApprovalChannel,
  type ApprovalDeskOptions,
  type OpenApprovalDesk,
} from './approval-desk.js';
export { ApprovalStore } from './approval-store.js';
