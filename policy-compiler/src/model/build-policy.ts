/** One Policy document to one policy of the model: subjects, connections, tags and names resolved. */
import { ACTIONS, AUTHORING_ERRORS, type Mask } from '@sluice/schemas';
import { diagnose, didYouMean, type Diagnostic } from '@sluice/schemas/diagnostics';
import type { PolicyDocument, Read, RuleDocument } from '@sluice/schemas/documents';
import { originAt, type Path } from '@sluice/schemas/yaml';
import { canonicalOf } from './canonical-name.js';
import { ConditionCompiler } from './compile-conditions.js';
import { parseRate, parseSeconds } from './durations.js';
import type { Connection, Name, Policy, Rule, TaggedColumns } from './model.js';
import { resolveConnections, resolveSubjects } from './selectors.js';

/** What an approval stands for when its rule does not say. */
const DEFAULT_EXPIRES = '15m';

export class PolicyBuilder {
  readonly #conditions: ConditionCompiler;
  readonly #columnsByTag = new Map<string, string[]>();

  constructor(
    private readonly connections: ReadonlyMap<string, Connection>,
    private readonly tags: readonly TaggedColumns[],
    private readonly diagnostics: Diagnostic[],
  ) {
    this.#conditions = new ConditionCompiler(diagnostics);
  }

  policy(document: Read<PolicyDocument>): Policy {
    const { metadata, spec } = document.value;
    const path = ['spec', 'connections'];
    const rules: Rule[] = [];
    const policy: Policy = {
      name: metadata.name,
      owner: metadata.owner ?? '',
      shadow: spec.mode === 'shadow',
      subjects: resolveSubjects(spec.subjects),
      connections: resolveConnections(spec.connections, this.connections, document, path, this.diagnostics),
      rules,
      document,
    };
    const seen = new Set<string>();
    spec.rules.forEach((rule, index) => {
      const at = ['spec', 'rules', index];
      if (seen.has(rule.id)) {
        const origin = originAt(document.yaml, [...at, 'id']);
        const message = `the policy has two rules \`${rule.id}\``;
        this.diagnostics.push(diagnose(AUTHORING_ERRORS.duplicate_name, origin, message));
      } else rules.push(this.#rule(policy, rule, at));
      seen.add(rule.id);
    });
    return policy;
  }

  #rule(policy: Policy, rule: RuleDocument, path: Path): Rule {
    const names = this.#columnNames(policy, rule, path);
    const tagged = this.#taggedColumns(policy, rule, path);
    const { approval, limits, effect } = rule;
    return {
      id: `${policy.name}/${rule.id}`,
      policy,
      effect,
      actions: effect === 'mask' ? [] : this.#actions(policy, rule, path),
      resources: this.#resources(policy, rule, path),
      columns: [...new Set([...names.map(({ canonical }) => canonical), ...tagged])],
      columnNames: names,
      mask: effect === 'mask' ? this.#mask(policy, rule, path) : undefined,
      condition: this.#conditions.compile(policy, rule.when, [...path, 'when']),
      rows: limits?.rows,
      rate: limits?.rate === undefined ? undefined : parseRate(limits.rate),
      approval: approval && {
        approvers: approval.approvers,
        expiresSeconds: parseSeconds(approval.expires ?? DEFAULT_EXPIRES),
      },
      message: rule.message ?? '',
      path,
    };
  }

  /** Left out in a deny, actions mean every action: a deny is never narrower than it looks. */
  #actions(policy: Policy, rule: RuleDocument, path: Path): readonly string[] {
    if (rule.actions === undefined) return ['*'];
    const protocols = policy.connections.map(({ protocol }) => protocol);
    const known = new Set(['*', ...protocols].flatMap((protocol) => ACTIONS[protocol] ?? []));
    for (const [index, action] of rule.actions.entries()) {
      if (action === '*' || known.has(action) || protocols.length === 0) continue;
      const message = `unknown action \`${action}\`${didYouMean(action, known)}`;
      const help = `Known actions: ${[...known].join(', ')}, or "*".`;
      const origin = originAt(policy.document.yaml, [...path, 'actions', index]);
      this.diagnostics.push(diagnose(AUTHORING_ERRORS.unknown_action, origin, message, help));
    }
    return rule.actions.includes('*') ? ['*'] : [...new Set(rule.actions)];
  }

  #resources(policy: Policy, rule: RuleDocument, path: Path): readonly Name[] {
    return (rule.resources ?? []).flatMap((written, index) => {
      const at = [...path, 'resources', index];
      // Names of one part are not relations: connections, and "*" itself. Operators have a spelling of their own.
      const isPlain = !written.includes('.') || /^operator\(.*\)$/.test(written);
      const name = isPlain ? { text: written } : canonicalOf(written);
      if (name) return { written, canonical: name.text, path: at };
      const message = `\`${written}\` is not a name of the form \`schema.name\``;
      this.#report('malformed_name', policy, at, message);
      return [];
    });
  }

  #columnNames(policy: Policy, rule: RuleDocument, path: Path): readonly Name[] {
    const columns = rule.columns ?? {};
    const [names, prefix] = isList(columns)
      ? [columns, [...path, 'columns']]
      : [columns.names ?? [], [...path, 'columns', 'names']];
    return names.flatMap((written, index) => {
      const at = [...prefix, index];
      const name = canonicalOf(written);
      if (name && (name.parts === 3 || name.text.includes('*'))) {
        return { written, canonical: name.text, path: at };
      }
      const message = `\`${written}\` is not a column of the form \`schema.table.column\``;
      this.#report('malformed_name', policy, at, message);
      return [];
    });
  }

  /** Tags are hierarchical. With several connections the union is masked: more than needed, never less. */
  #taggedColumns(policy: Policy, rule: RuleDocument, path: Path): readonly string[] {
    const columns = rule.columns ?? {};
    const tags = isList(columns) ? [] : (columns.tags ?? []);
    return tags.flatMap((tag, index) => {
      const found = this.#columnsOf(policy, tag);
      if (found.length === 0) {
        const known = this.tags.map((tagged) => tagged.tag);
        const where = policy.connections.map(({ name }) => name).join(', ');
        const message = `no column of \`${where}\` carries the tag \`${tag}\`${didYouMean(tag, new Set(known))}`;
        this.#report('unknown_tag', policy, [...path, 'columns', 'tags', index], message);
      }
      return found;
    });
  }

  #columnsOf(policy: Policy, tag: string): readonly string[] {
    const key = [tag, ...policy.connections.map(({ name }) => name)].join('\n');
    let columns = this.#columnsByTag.get(key);
    if (columns === undefined) {
      const where = new Set(policy.connections);
      const matching = this.tags.filter(
        (tagged) => where.has(tagged.connection) && (tagged.tag === tag || tagged.tag.startsWith(`${tag}.`)),
      );
      columns = [...new Set(matching.map(({ column }) => column.canonical))];
      this.#columnsByTag.set(key, columns);
    }
    return columns;
  }

  #mask(policy: Policy, rule: RuleDocument, path: Path): Mask {
    const mask = rule.with ?? 'null';
    if (mask === 'hash' || mask === 'tokenize') {
      this.#report(
        'mask_unavailable',
        policy,
        [...path, 'with'],
        `masks of the kind \`${mask}\` are not available yet`,
      );
    }
    return mask;
  }

  #report(
    name: 'malformed_name' | 'unknown_tag' | 'mask_unavailable',
    policy: Policy,
    path: Path,
    message: string,
  ): void {
    this.diagnostics.push(diagnose(AUTHORING_ERRORS[name], originAt(policy.document.yaml, path), message));
  }
}

const isList = <T>(value: readonly T[] | object): value is readonly T[] => Array.isArray(value);
