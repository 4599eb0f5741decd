import type { Access, Decision, ErrorDefinition, RuleInfo } from '@sluice/schemas';

/** What the agent reads: the rule's own message where there is one, else what was missing. */
export function messageFor(
  decision: Decision,
  rule: RuleInfo | undefined,
  access: Access | undefined,
): string {
  if (decision.reason === 'rule' && rule) {
    return rule.message ? `${rule.message} (rule \`${rule.id}\`)` : `rule \`${rule.id}\` denies this request`;
  }
  if (decision.reason === 'no_rule' && access) {
    return `no rule permits \`${access.action}\` on \`${access.resource}\``;
  }
  return `the request is denied: ${decision.reason}`;
}

/** The way to ask, with everything a person needs to find the decision again. */
export function hintFor(
  error: ErrorDefinition,
  decisionId: string,
  rule: RuleInfo | undefined,
  approvalId: string | undefined,
): string {
  const parts = [error.help];
  if (rule?.owner) parts.push(`Owner: ${rule.owner}.`);
  if (approvalId !== undefined) parts.push(`Approval: ${approvalId}.`);
  parts.push(`Decision: ${decisionId} (${error.code}).`);
  return parts.join(' ');
}
