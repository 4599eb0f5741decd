/** Builds ErrorResponse and NoticeResponse. */
import { BACKEND } from './message-types.js';
import { message, type Part } from './message-writer.js';
import type { ReportFields } from './backend-messages.js';

export interface Report {
  readonly severity: 'ERROR' | 'FATAL' | 'NOTICE';
  readonly sqlstate: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  /** Drivers look at it to know a cached plan that has to be prepared again. */
  readonly routine?: string;
}

/** S severity, V the same unlocalised, C SQLSTATE, M message, D detail, H hint, R routine */
export function report(what: Report): Buffer {
  const fields = new Map([
    ['S', what.severity],
    ['V', what.severity],
    ['C', what.sqlstate],
    ['M', what.message],
  ]);
  if (what.detail !== undefined) fields.set('D', what.detail);
  if (what.hint !== undefined) fields.set('H', what.hint);
  if (what.routine !== undefined) fields.set('R', what.routine);
  return encodeReport(what.severity === 'NOTICE' ? BACKEND.notice : BACKEND.error, fields);
}

export function encodeReport(type: number, fields: ReportFields): Buffer {
  const parts: Part[] = [];
  for (const [letter, text] of fields) parts.push(Buffer.from(letter, 'latin1'), text.replaceAll('\0', ''));
  return message(type, ...parts, Buffer.from([0]));
}
