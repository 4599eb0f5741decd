/** `policy/connect` is the rule that comes with any permission; an author may write it, but only to say who connects. */
import { AUTHORING_ERRORS } from '@sluice/schemas';
import { diagnose, type Diagnostic } from '@sluice/schemas/diagnostics';
import { originAt } from '@sluice/schemas/yaml';
import type { Model } from '../model/model.js';
import { CONNECT_RULE } from '../plan/rules.js';

export function* reservedConnectRule(model: Model): Iterable<Diagnostic> {
  for (const policy of model.policies) {
    for (const rule of policy.rules) {
      if (rule.id !== `${policy.name}/${CONNECT_RULE}`) continue;
      if (rule.actions.length === 1 && rule.actions[0] === 'connect') continue;
      const origin = originAt(policy.document.yaml, [...rule.path, 'id']);
      const message = `the name \`${CONNECT_RULE}\` is kept for the rule about the action \`connect\``;
      yield diagnose(AUTHORING_ERRORS.duplicate_name, origin, message, 'Choose another id.');
    }
  }
}
