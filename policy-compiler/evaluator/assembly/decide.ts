// One decision: every access needs a rule that permits it, any deny denies, the strictest outcome wins, masks
// add up. The same is computed a second time with shadow rules counted in (schemas/ABI.md, "Deciding").
import {
  MAX_MATCHES,
  OUTCOME_ALLOW,
  OUTCOME_DENY,
  OUTCOME_REQUIRE_APPROVAL,
  REASON_ALLOWED,
  REASON_NO_RULE,
  REASON_RULE,
  RESULT_BASE,
  RESULT_MASKED,
  RESULT_MATCH_COUNT,
  RESULT_OUTCOME,
  RESULT_REASON,
  RESULT_SHADOW_OUTCOME,
  RESULT_STATUS,
  RESULT_UNPERMITTED,
  STATUS_DECIDED,
  STATUS_OUT_OF_FUEL,
  STATUS_TOO_MANY_MATCHES,
} from '../../../schemas/src/abi';
import { isSpent, refuel } from './fuel';
import {
  beginColumn,
  beginRequest,
  beginTarget,
  denied,
  masked,
  matches,
  permit,
  shadowDenied,
  shadowPermit,
} from './matches';
import { visitLists } from './rows';

/** Returns status | outcome << 8 | shadow outcome << 16; everything else is in the result. */
export function decide(principal: u32, shape: u32, fuel: i32): i32 {
  refuel(fuel);
  beginRequest(load<u32>(shape));
  const accesses = load<u32>(shape + 4);
  const columns = load<u32>(shape + 8);
  let outcome: i32 = accesses == 0 ? OUTCOME_DENY : OUTCOME_ALLOW;
  let shadow: i32 = outcome;
  let unpermitted: i32 = -1;
  let at = shape + 12;
  for (let access: u32 = 0; access < accesses; access++) {
    beginTarget(access);
    at = visitLists(at, principal);
    if (permit == 0 && unpermitted < 0) unpermitted = access;
    outcome = max(outcome, outcomeOf(permit));
    shadow = max(shadow, outcomeOf(max(permit, shadowPermit)));
  }
  for (let column: u32 = 0; column < columns; column++) {
    beginColumn(column);
    at = visitLists(at, principal);
  }
  if (denied) outcome = OUTCOME_DENY;
  if (denied || shadowDenied) shadow = OUTCOME_DENY;
  return finish(outcome, shadow, unpermitted);
}

/** An access that nothing permits is denied. */
function outcomeOf(permitted: i32): i32 {
  return permitted == 0 ? OUTCOME_DENY : permitted;
}

function finish(outcome: i32, shadow: i32, unpermitted: i32): i32 {
  let status: i32 = STATUS_DECIDED;
  if (matches > <u32>MAX_MATCHES) status = STATUS_TOO_MANY_MATCHES;
  if (isSpent()) status = STATUS_OUT_OF_FUEL;
  if (status != STATUS_DECIDED) {
    outcome = OUTCOME_DENY;
    shadow = OUTCOME_DENY;
  }
  store<i32>(RESULT_BASE + RESULT_STATUS, status);
  store<i32>(RESULT_BASE + RESULT_OUTCOME, outcome);
  store<i32>(RESULT_BASE + RESULT_SHADOW_OUTCOME, shadow);
  store<i32>(RESULT_BASE + RESULT_REASON, reasonOf(outcome));
  store<i32>(RESULT_BASE + RESULT_UNPERMITTED, unpermitted);
  store<u32>(RESULT_BASE + RESULT_MATCH_COUNT, matches);
  store<u32>(RESULT_BASE + RESULT_MASKED, masked);
  return status | (outcome << 8) | (shadow << 16);
}

function reasonOf(outcome: i32): i32 {
  if (outcome == OUTCOME_ALLOW) return REASON_ALLOWED;
  return denied || outcome == OUTCOME_REQUIRE_APPROVAL ? REASON_RULE : REASON_NO_RULE;
}
