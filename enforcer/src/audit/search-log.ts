/** Finding records, each decision joined with what came of it. */
import { readLog } from './read-log.js';
import { parseRecord, type CompletionJson, type RecordJson } from './record-json.js';

export interface SearchFilters {
  readonly principal?: string | undefined;
  readonly connection?: string | undefined;
  /** `allow`, `deny`, `require_approval`: what the policy said. `refused`: not forwarded, for whatever reason. */
  readonly outcome?: SearchOutcome | undefined;
  /** `policy/rule`, or a policy for all its rules. */
  readonly rule?: string | undefined;
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  /** In the request or the detail, in any case. */
  readonly text?: string | undefined;
  /** A decision's id, or how it begins. */
  readonly decision?: string | undefined;
}

export const SEARCH_OUTCOMES = ['allow', 'deny', 'require_approval', 'refused'] as const;
export type SearchOutcome = (typeof SEARCH_OUTCOMES)[number];

export interface FoundRecord {
  readonly record: RecordJson;
  completion: CompletionJson | undefined;
}

/** The newest `limit` records that match, oldest first. */
export function searchLog(dir: string, filters: SearchFilters, limit: number): FoundRecord[] {
  let found: FoundRecord[] = [];
  const waiting = new Map<string, FoundRecord>();
  for (const { bytes } of readLog(dir)) {
    const record = parseRecord(bytes);
    if (record === undefined) continue;
    if (record.completion !== undefined) {
      const decided = waiting.get(record.completion.decisionId ?? '');
      if (decided !== undefined) decided.completion = record.completion;
      continue;
    }
    if (!matches(record, filters)) continue;
    const entry: FoundRecord = { record, completion: undefined };
    found.push(entry);
    if (record.decision?.decisionId !== undefined) waiting.set(record.decision.decisionId, entry);
    if (found.length >= limit * 2) {
      for (const { record: old } of found.slice(0, limit)) waiting.delete(old.decision?.decisionId ?? '');
      found = found.slice(limit);
    }
  }
  return found.slice(-limit);
}

export function matches(record: RecordJson, filters: SearchFilters): boolean {
  const { decision, refusedLogin, operation } = record;
  const time = Date.parse(record.timestamp);
  if (filters.sinceMs !== undefined && time < filters.sinceMs) return false;
  if (filters.untilMs !== undefined && time >= filters.untilMs) return false;
  const who = decision?.actor?.subject ?? refusedLogin?.claimedSubject ?? operation?.actor ?? '';
  if (filters.principal !== undefined && who !== filters.principal) return false;
  const where = decision?.connection ?? refusedLogin?.connection ?? '';
  if (filters.connection !== undefined && where !== filters.connection) return false;
  if (filters.decision !== undefined && !decision?.decisionId?.startsWith(filters.decision)) return false;
  if (filters.outcome !== undefined && !hasOutcome(record, filters.outcome)) return false;
  if (filters.rule !== undefined && !hasRule(record, filters.rule)) return false;
  return filters.text === undefined || hasText(record, filters.text.toLowerCase());
}

function hasOutcome({ decision, refusedLogin }: RecordJson, outcome: SearchOutcome): boolean {
  if (outcome === 'refused') return refusedLogin !== undefined || (decision?.refusal ?? '') !== '';
  return decision?.decision?.outcome === `OUTCOME_${outcome.toUpperCase()}`;
}

const hasRule = ({ decision }: RecordJson, rule: string): boolean =>
  decision?.decision?.rules?.some(({ id }) => id === rule || id.startsWith(`${rule}/`)) ?? false;

function hasText({ decision, refusedLogin, operation }: RecordJson, text: string): boolean {
  const places = [
    decision?.request,
    decision?.detail,
    decision?.actor?.intent,
    refusedLogin?.detail,
    operation?.operation,
    operation?.subject,
    operation?.detail,
  ];
  return places.some((place) => place?.toLowerCase().includes(text) ?? false);
}
