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
  type DecisionJson,
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
  const lines = findings.map(({ file, line, message }) => `${file}${line > 0 ? `:${line}` : ''} ${message}`);
  const signed = head === undefined ? 'no signed head' : `signed head at record ${head.seq} of ${head.time}`;
  lines.push(
    `${count(records, 'record')} in ${count(segments, 'segment')}, ${signed}${afterHead > 0 ? `, ${afterHead} after it` : ''}`,
  );
  lines.push(`key SHA-256 ${keyFingerprint}`);
  lines.push(
    findings.length === 0
      ? 'the log is complete and unchanged'
      : `${count(findings.length, 'finding')}: ${OPERATION_ERRORS.audit_tampered.code} ${OPERATION_ERRORS.audit_tampered.title}`,
  );
  return lines;
}

const count = (many: number, thing: string): string => `${many} ${thing}${many === 1 ? '' : 's'}`;

/** One record for people: when, what was decided, who, where, what, by which rules, what came of it. */
export function recordLine(record: RecordJson, completion: CompletionJson | undefined): string {
  const { decision, refusedLogin, operation } = record;
  const columns =
    decision !== undefined
      ? decisionColumns(decision)
      : refusedLogin !== undefined
        ? [
            `login refused ${refusedLogin.code ?? ''}`,
            at(refusedLogin.claimedSubject, refusedLogin.connection),
            oneLine(refusedLogin.detail ?? ''),
          ]
        : operation !== undefined
          ? [
              operation.operation ?? '',
              operation.actor ?? '',
              oneLine(operation.subject ?? '', 24),
              oneLine(operation.detail ?? ''),
            ]
          : [];
  if (completion !== undefined) columns.push(...completionColumns(completion, decision === undefined));
  return visible([record.timestamp.padEnd(24), ...columns].filter((column) => column !== '').join('  '));
}

function decisionColumns({
  decisionId,
  decision,
  refusal,
  actor,
  connection,
  request,
  detail,
}: DecisionJson): string[] {
  const outcome = decision?.outcome?.slice('OUTCOME_'.length).toLowerCase() ?? 'undecided';
  const rules = (decision?.rules ?? []).map(({ id, position }) =>
    position?.file === undefined ? id : `${id} ${position.file}:${position.line ?? 0}`,
  );
  return [
    shortId(decisionId),
    refusal === undefined ? outcome : `${outcome} ${refusal}`,
    at(actor?.subject, connection),
    oneLine(request ?? ''),
    rules.length === 0 ? '' : `[${rules.join(', ')}]`,
    oneLine(detail ?? ''),
  ];
}

function completionColumns(
  { decisionId, outcome, rows, backendCode }: CompletionJson,
  alone: boolean,
): string[] {
  const result = `-> ${outcome ?? ''}${backendCode === undefined ? '' : ` ${backendCode}`}, ${rows ?? 0} rows`;
  return alone ? [shortId(decisionId), result] : [result];
}

/** Enough to find it again: `sluice audit search --decision`. */
const shortId = (decisionId = ''): string => decisionId.slice(0, 8);

const at = (subject = '', connection = ''): string => `${subject} on ${connection}`;

function requireDirectory(dir: string): void {
  if (fs.existsSync(dir) && fs.statSync(dir).isDirectory()) return;
  throw new SluiceError(OPERATION_ERRORS.config_unreadable, `there is no audit log at \`${dir}\``);
}
