/** `sluice status`, `approvals`, `approve`, `deny`: what people ask of a running enforcer. */
import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { pb } from '@sluice/schemas';
import type { EnforcerStatus } from '../admin/index.js';
import { AdminRefusal, askAdmin, type AdminTarget } from './admin-client.js';
import { oneLine, visible, type ExitCode, type Output } from './output.js';

export async function showStatus(target: AdminTarget, json: boolean, output: Output): Promise<ExitCode> {
  const status = (await askAdmin(target, '/status')) as EnforcerStatus;
  if (json) output.print(JSON.stringify(status));
  else for (const line of statusLines(status)) output.print(visible(line));
  return status.ready ? 0 : 1;
}

function statusLines({
  ready,
  reasons,
  bundle,
  audit,
  connections,
  approvals,
  version,
}: EnforcerStatus): string[] {
  const active =
    bundle.generation === 0
      ? 'none'
      : `version ${bundle.version}, revision ${bundle.revision}, generation ${bundle.generation}`;
  return [
    `enforcer    ${version}, ${ready ? 'ready' : 'not ready'}`,
    ...reasons.map((reason) => `            ${reason}`),
    `bundle      ${bundle.state}${bundle.code === '' ? '' : ` ${bundle.code}`}: ${active}`,
    ...(bundle.message === '' ? [] : [`            ${bundle.message}`]),
    ...connections.map(
      ({ name, protocol, listen, catalog, sessions }) =>
        `connection  ${name} (${protocol}) on ${listen}: ${sessions} sessions, catalog ${catalog ? 'known' : 'unknown'}`,
    ),
    `audit       ${audit.writable ? 'writable' : `NOT writable: ${audit.problem}`}, ${audit.records} records`,
    `approvals   ${approvals.waiting} waiting`,
  ];
}

export async function listApprovals(
  target: AdminTarget,
  all: boolean,
  json: boolean,
  output: Output,
): Promise<ExitCode> {
  return answered(output, async () => {
    const answer = (await askAdmin(target, `/v1/approvals${all ? '?all' : ''}`)) as {
      approvals: JsonValue[];
    };
    if (json) {
      output.print(JSON.stringify(answer));
      return;
    }
    const approvals = answer.approvals.map((approval) => fromJson(pb.ApprovalSchema, approval));
    if (approvals.length === 0) output.print('nothing is waiting');
    for (const approval of approvals) for (const line of approvalLines(approval)) output.print(line);
  });
}

function approvalLines(approval: pb.Approval): string[] {
  const { id, subject, connection, request, intent, rules, approvers, estimatedRows, expires, reason } =
    approval;
  const state = pb.ApprovalState[approval.state].toLowerCase();
  const until = expires === undefined ? '' : new Date(timestampMs(expires)).toISOString();
  const names = [...new Set(approvers.flatMap((list) => list.names))].join(', ');
  return [
    `${id}  ${state}  ${visible(subject)} on ${visible(connection)}, expires ${until}`,
    `    ${oneLine(request, 400)}`,
    `    rules: ${rules.join(', ')}; approvers: ${visible(names)}`,
    ...(estimatedRows === undefined ? [] : [`    estimated rows: ${estimatedRows}`]),
    ...(intent === '' ? [] : [`    intent: ${oneLine(intent)}`]),
    ...(approval.answeredBy === ''
      ? []
      : [`    ${visible(approval.answeredBy)}: ${oneLine(reason) || state}`]),
  ];
}

export async function answerApproval(
  target: AdminTarget,
  id: string,
  answer: 'approve' | 'deny',
  reason: string,
  json: boolean,
  output: Output,
): Promise<ExitCode> {
  return answered(output, async () => {
    const approval = await askAdmin(target, `/v1/approvals/${encodeURIComponent(id)}`, { answer, reason });
    output.print(json ? JSON.stringify(approval) : `${id} ${answer === 'approve' ? 'approved' : 'denied'}`);
  });
}

/** A refusal by the enforcer is a finding, not a mistake in the command. */
async function answered(output: Output, ask: () => Promise<void>): Promise<ExitCode> {
  try {
    await ask();
    return 0;
  } catch (error) {
    if (!(error instanceof AdminRefusal)) throw error;
    output.complain(visible(error.message));
    return 1;
  }
}
