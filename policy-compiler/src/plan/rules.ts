/** The rules of a plan: the model's, and the right to connect that comes with any permission; sorted by id. */
import { originAt, type Path } from '@sluice/schemas/yaml';
import type { Model, Policy, Rule } from '../model/model.js';
import { compareBytewise } from './symbols.js';

export interface PlannedRule {
  readonly rule: Rule;
  readonly implied: boolean;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export const CONNECT_RULE = 'connect';

export function planRules(model: Model): readonly PlannedRule[] {
  const planned = model.policies.flatMap((policy) => {
    // A policy whose connections could not be resolved applies nowhere.
    if (policy.connections.length === 0) return [];
    const rules = policy.rules.map((rule) => place(policy, rule, [...rule.path, 'id'], false));
    const connect = impliedConnect(policy);
    return connect ? [...rules, place(policy, connect, connect.path, true)] : rules;
  });
  return planned.sort((a, b) => compareBytewise(a.rule.id, b.rule.id));
}

/** Who may do something at a connection may connect to it. A shadow policy permits nothing, so neither this. */
function impliedConnect(policy: Policy): Rule | undefined {
  const permits = policy.rules.some(({ effect }) => effect === 'allow' || effect === 'require_approval');
  const id = `${policy.name}/${CONNECT_RULE}`;
  if (policy.shadow || !permits || policy.rules.some((rule) => rule.id === id)) return undefined;
  const path: Path = ['metadata', 'name'];
  return {
    id,
    policy,
    effect: 'allow',
    actions: ['connect'],
    resources: policy.connections.map(({ name }) => ({ written: name, canonical: name, path })),
    columns: [],
    columnNames: [],
    mask: undefined,
    condition: undefined,
    rows: undefined,
    rate: undefined,
    approval: undefined,
    message: '',
    path,
  };
}

function place(policy: Policy, rule: Rule, path: Path, implied: boolean): PlannedRule {
  const { source, start } = originAt(policy.document.yaml, path);
  return { rule, implied, file: source.file, ...source.positionAt(start) };
}
