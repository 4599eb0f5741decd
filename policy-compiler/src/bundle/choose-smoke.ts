/** Which of the requests that the policy tests decided travel with the bundle as smoke requests. */
import type { SmokeRequest } from '@sluice/engine';
import type { Decision, DecisionRequest, Mask } from '@sluice/schemas';

export interface DecidedRequest {
  readonly request: DecisionRequest;
  readonly decision: Decision;
}

const SMOKE_LIMIT = 64;

/**
 * smokeFrom(decided) -> at most 64 requests, in the order they came in: those that meet a rule or an outcome
 * that none before them met first, so that few requests speak for many rules.
 */
export function smokeFrom(decided: readonly DecidedRequest[], limit = SMOKE_LIMIT): readonly SmokeRequest[] {
  const seen = new Set<string>();
  const telling: DecidedRequest[] = [];
  const rest: DecidedRequest[] = [];
  for (const entry of decided) {
    const tokens = tokensOf(entry.decision);
    (tokens.every((token) => seen.has(token)) ? rest : telling).push(entry);
    for (const token of tokens) seen.add(token);
  }
  return [...telling, ...rest].slice(0, limit).map(toSmoke);
}

function tokensOf(decision: Decision): readonly string[] {
  const rules = decision.matches.map((match) => `rule ${match.rule}${match.failed ? ' failed' : ''}`);
  const masks = [...decision.masks.values()].map((mask) => `mask ${mask}`);
  return [`outcome ${decision.outcome} ${decision.reason}`, ...rules, ...masks];
}

function toSmoke({ request, decision }: DecidedRequest): SmokeRequest {
  const masks = [...decision.masks].map(([column, mask]): [string, Mask] => [
    request.columns[column] ?? '',
    mask,
  ]);
  return { request, expect: { outcome: decision.outcome, masks: Object.fromEntries(masks) } };
}
