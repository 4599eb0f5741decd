/**
 * Finds the rules that may cover a given one without comparing every pair: first the policies that reach as many
 * subjects and connections, then, inside them, the rules by what they name.
 */
import type { Model, Policy, Rule } from '../model/model.js';
import { isGlob, prefixOf } from './glob-cover.js';

interface PolicyIndex {
  readonly literals: Map<string, Rule[]>;
  /** By the text before the first `*`. */
  readonly globs: Map<string, Rule[]>;
}

export const namesOf = (rule: Rule): readonly string[] =>
  rule.effect === 'mask' ? rule.columns : rule.resources.map(({ canonical }) => canonical);

export class RuleIndex {
  readonly #bySubject = new Map<string, Policy[]>();
  readonly #indexes = new Map<Policy, PolicyIndex>();
  readonly #covering = new Map<Policy, readonly Policy[]>();

  constructor(model: Model) {
    for (const policy of model.policies) {
      for (const subject of policy.subjects) push(this.#bySubject, subject, policy);
      const index: PolicyIndex = { literals: new Map(), globs: new Map() };
      for (const rule of policy.rules) {
        for (const name of new Set(namesOf(rule))) {
          if (isGlob(name)) push(index.globs, prefixOf(name), rule);
          else push(index.literals, name, rule);
        }
      }
      this.#indexes.set(policy, index);
    }
  }

  /** Every rule but itself that names the first thing that `rule` names, in a policy that reaches as far. */
  *candidates(rule: Rule): Iterable<Rule> {
    const [name] = namesOf(rule);
    if (name === undefined) return;
    for (const policy of this.#coveringPolicies(rule.policy)) {
      const index = this.#indexes.get(policy);
      if (!index) continue;
      if (!isGlob(name)) yield* others(index.literals.get(name), rule);
      if (index.globs.size === 0) continue;
      const longest = isGlob(name) ? prefixOf(name).length : name.length;
      for (let length = 0; length <= longest; length++) {
        yield* others(index.globs.get(name.slice(0, length)), rule);
      }
    }
  }

  #coveringPolicies(policy: Policy): readonly Policy[] {
    let covering = this.#covering.get(policy);
    if (covering === undefined) {
      const [subject = ''] = policy.subjects;
      const sharing = [...(this.#bySubject.get(subject) ?? []), ...(this.#bySubject.get('*') ?? [])];
      covering = [...new Set(sharing)].filter((other) => reaches(other, policy));
      this.#covering.set(policy, covering);
    }
    return covering;
  }
}

function reaches(outer: Policy, inner: Policy): boolean {
  if (outer === inner) return true;
  if (outer.shadow !== inner.shadow) return false;
  const subjects = new Set(outer.subjects);
  const connections = new Set(outer.connections);
  return (
    (subjects.has('*') || inner.subjects.every((subject) => subjects.has(subject))) &&
    inner.connections.every((connection) => connections.has(connection))
  );
}

function* others(rules: readonly Rule[] | undefined, rule: Rule): Iterable<Rule> {
  for (const other of rules ?? []) if (other !== rule) yield other;
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
