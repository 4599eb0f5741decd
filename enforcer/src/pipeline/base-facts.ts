import type { Facts } from '@sluice/schemas';
import type { Session } from './ports.js';

/** The facts that every protocol has: who, where, why, when. Times are UTC; weekdays count from Monday = 1. */
export function baseFacts(session: Session, nowMs: number): Facts {
  const now = new Date(nowMs);
  return {
    'principal.subject': session.principal.subject,
    'principal.groups': session.principal.groups,
    'principal.issuer': session.principal.issuer,
    'session.intent': session.intent,
    'session.age_seconds': BigInt(Math.max(0, Math.floor((nowMs - session.startedMs) / 1000))),
    'connection.name': session.connection,
    'request.hour': BigInt(now.getUTCHours()),
    'request.weekday': BigInt(now.getUTCDay() === 0 ? 7 : now.getUTCDay()),
  };
}
