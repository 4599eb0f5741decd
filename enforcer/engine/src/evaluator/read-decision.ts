/** Reads the result of the evaluator as a `Decision`. */
import { MASKS, abi, type Decision, type Mask, type Match, type Outcome, type Reason } from '@sluice/schemas';
import type { EvaluatorInstance } from './instance.js';

const RESULT = abi.RESULT_BASE >> 2;
const MATCHES = (abi.RESULT_BASE + abi.RESULT_MATCHES) >> 2;
const MASKED = abi.RESULT_BASE + abi.RESULT_MASKS;
const NO_MASKS: ReadonlyMap<number, Mask> = new Map();

const OUTCOMES: readonly (Outcome | undefined)[] = [undefined, 'allow', 'require_approval', 'deny'];
const REASONS: readonly (Reason | undefined)[] = ['allowed', 'rule', 'no_rule'];

/** A denial that no rule is to blame for. */
export function denial(reason: Reason): Decision {
  return { outcome: 'deny', shadowOutcome: 'deny', reason, unpermitted: -1, matches: [], masks: NO_MASKS };
}

export function readDecision({ u8, u32 }: EvaluatorInstance, columns: number): Decision {
  const word = (offset: number): number => u32[RESULT + (offset >> 2)] ?? 0;
  const outcome = OUTCOMES[word(abi.RESULT_OUTCOME)];
  const shadowOutcome = OUTCOMES[word(abi.RESULT_SHADOW_OUTCOME)];
  const reason = REASONS[word(abi.RESULT_REASON)];
  // Fail closed: a number that means nothing is no permission.
  if (!outcome || !shadowOutcome || !reason) return denial('evaluator_failed');
  const count = word(abi.RESULT_MATCH_COUNT);
  const matches: Match[] = [];
  for (let at = MATCHES; at < MATCHES + count * 2; at += 2) {
    const target = u32[at] ?? 0;
    matches.push({ rule: u32[at + 1] ?? 0, target: target >>> 1, failed: (target & 1) === 1 });
  }
  const unpermitted = word(abi.RESULT_UNPERMITTED) | 0;
  const masks = word(abi.RESULT_MASKED) === 0 ? NO_MASKS : readMasks(u8, columns);
  return { outcome, shadowOutcome, reason, unpermitted, matches, masks };
}

function readMasks(u8: Uint8Array, columns: number): ReadonlyMap<number, Mask> {
  const masks = new Map<number, Mask>();
  for (let column = 0; column < columns; column++) {
    const strictness = u8[MASKED + column] ?? 0;
    // Fail closed: a mask that means nothing hides everything.
    if (strictness !== 0) masks.set(column, MASKS[strictness - 1] ?? 'redact');
  }
  return masks;
}
