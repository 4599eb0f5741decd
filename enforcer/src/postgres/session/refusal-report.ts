/** How a refusal reads on the wire, and the message that makes the backend fail in its place. */
import { REQUEST_ERRORS } from '@sluice/schemas';
import type { Refusal } from '../../pipeline/index.js';
import { parse, query } from '../codec/message-writer.js';
import { report } from '../codec/report.js';
import { sqlstateOf } from '../sqlstates.js';

export function refusalReport(refusal: Refusal, severity: 'ERROR' | 'FATAL' = 'ERROR'): Buffer {
  const { error, message, hint } = refusal;
  const plain = { severity, sqlstate: sqlstateOf(error), message, hint };
  if (error.code !== REQUEST_ERRORS.changed_since_prepared.code) return report(plain);
  // The words and the routine by which drivers recognise that they have to prepare again.
  return report({
    ...plain,
    message: `cached plan must not change result type: ${message}`,
    routine: 'RevalidateCachedQuery',
  });
}

/**
 * A refused message is replaced by one that fails for certain, so that it is the backend itself that is in the
 * state after an error: in a failed transaction, skipping to Sync. The text is no SQL whatever it stands beside.
 */
const poisonText = (id: string): string => `sluice refused ${id.replaceAll(/[^\w-]/g, '')}`;

/** Named: an unnamed one would drop the client's unnamed statement. It is never made, as it does not parse. */
export const poisonParse = (id: string): Buffer => parse('sluice_refused', poisonText(id), []);
export const poisonQuery = (id: string): Buffer => query(poisonText(id));
