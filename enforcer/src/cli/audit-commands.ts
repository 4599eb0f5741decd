/** `sluice audit tail`, `search`, `verify`: reading the audit log where it lies. */
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { OPERATION_ERRORS, SluiceError } from '@sluice/schemas';
import {
  followLog,
  parseRecord,
  searchLog,
  verifyLog,
  type CompletionJson,
  type RecordJson,
  type SearchFilters,
  type Verification,
} from '../audit/index.js';
import { oneLine, visible, type ExitCode, type Output } from './output.js';

export async function tailAudit(
  dir: string,
  count: number,
  follow: AbortSignal | undefined,
  json: boolean,
  output: Output,
): Promise<ExitCode> {
  requireDirectory(dir);
  for await (const { bytes } of followLog(dir, count, follow)) {
    if (json) output.print(bytes.toString());
    else {
      const record = parseRecord(bytes);
      if (record !== undefined) output.print(recordLine(record, record.completion));
    }
  }
  return 0;
}

export function searchAudit(
  dir: string,
  filters: SearchFilters,
  limit: number,
  json: boolean,
  output: Output,
): ExitCode {
  requireDirectory(dir);
  const found = searchLog(dir, filters, limit);
  for (const { record, completion } of found) {
    if (json) output.print(JSON.stringify(completion === undefined ? record : { ...record, completion }));
    else output.print(recordLine(record, completion));
  }
  if (!json && found.length === 0) output.complain('nothing matches');
  return 0;
}

export async function verifyAudit(
  dir: string,
  publicKeyFile: string | undefined,
  json: boolean,
  output: Output,
): Promise<ExitCode> {
  requireDirectory(dir);
  let verification = verifyLog(dir, publicKeyFile);
  if (verification.findings.length > 0) {
    // A running enforcer may have been in the middle of a write, or between the log and its head.
    await sleep(100);
    verification = verifyLog(dir, publicKeyFile);
  }
  if (json) output.print(JSON.stringify(verification));
  else for (const line of verificationLines(verification)) output.print(visible(line));
  return verification.findings.length === 0 ? 0 : 1;
}

function verificationLines({
  findings,
  records,
  segments,
  head,
  afterHead,
  keyFingerprint,
}: Verification): string[] {
  const lines = findings.map(
    ({ damage, file, line, message }) => `${file}${line > 0 ? `:${line}` : ''} ${damage}: ${message}`,
  );
  const signed = head === undefined ? 'no signed head' : `signed head at record ${head.seq} of ${head.time}`;
  lines.push(
    `${records} records in ${segments} segments, ${signed}${afterHead > 0 ? `, ${afterHead} after it` : ''}`,
  );
  lines.push(`key SHA-256 ${keyFingerprint}`);
  lines.push(
    findings.length === 0
      ? 'the log is complete and unchanged'
      : `${findings.length} findings: ${OPERATION_ERRORS.audit_tampered.code} ${OPERATION_ERRORS.audit_tampered.title}`,
  );
  return lines;
}

/** One record for people: when, what was decided, who, where, what, why, what came of it. */
export function recordLine(record: RecordJson, completion: CompletionJson | undefined): string {
  const { timestamp, decision, refusedLogin, operation } = record;
  const columns = [timestamp.padEnd(24)];
  if (decision !== undefined) {
    const outcome = decision.decision?.outcome?.slice('OUTCOME_'.length).toLowerCase() ?? 'undecided';
    columns.push(decision.refusal === undefined ? outcome : `${outcome} ${decision.refusal}`);
    columns.push(
      `${decision.actor?.subject ?? ''}@${decision.connection ?? ''}`,
      oneLine(decision.request ?? ''),
    );
    const rules = (decision.decision?.rules ?? []).map(({ id, position }) =>
      position?.file === undefined
        ? id
        : `${id} (${position.file}:${position.line ?? 0}:${position.column ?? 0})`,
    );
    if (rules.length > 0) columns.push(`[${rules.join(', ')}]`);
    if (decision.detail !== undefined) columns.push(oneLine(decision.detail));
    if (completion !== undefined) columns.push(resultOf(completion));
    columns.push(decision.decisionId ?? '');
  } else if (completion !== undefined) {
    columns.push('completed', resultOf(completion), completion.decisionId ?? '');
  } else if (refusedLogin !== undefined) {
    columns.push(
      `login refused ${refusedLogin.code ?? ''}`,
      `${refusedLogin.claimedSubject ?? ''}@${refusedLogin.connection ?? ''}`,
      oneLine(refusedLogin.detail ?? ''),
    );
  } else if (operation !== undefined) {
    columns.push(
      operation.operation ?? '',
      operation.actor ?? '',
      operation.subject ?? '',
      oneLine(operation.detail ?? ''),
    );
  }
  return visible(columns.filter((column) => column !== '').join('  '));
}

const resultOf = ({ outcome, rows, backendCode }: CompletionJson): string =>
  `-> ${outcome ?? ''}${backendCode === undefined ? '' : ` ${backendCode}`}, ${rows ?? 0} rows`;

function requireDirectory(dir: string): void {
  if (fs.existsSync(dir) && fs.statSync(dir).isDirectory()) return;
  throw new SluiceError(OPERATION_ERRORS.config_unreadable, `there is no audit log at \`${dir}\``);
}
