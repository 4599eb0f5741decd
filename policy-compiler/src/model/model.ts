/** The checked model: a policy repository with every name resolved. Immutable; checks look at it, the plan is made of it. */
import type { Catalog } from '@sluice/facts';
import type { Effect, Mask } from '@sluice/schemas';
import type {
  CatalogDocument,
  ClassificationDocument,
  ConnectionDocument,
  PolicyDocument,
  PolicyTestDocument,
  Read,
} from '@sluice/schemas/documents';
import type { Path } from '@sluice/schemas/yaml';
import type { CompiledCondition } from '../conditions/index.js';

export interface Model {
  /** Sorted by name. */
  readonly connections: readonly Connection[];
  readonly policies: readonly Policy[];
  /** Every tag that a column carries, with its columns. */
  readonly tags: readonly TaggedColumns[];
  readonly tests: readonly Read<PolicyTestDocument>[];
}

export interface Connection {
  readonly name: string;
  readonly protocol: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly catalog: Catalog | undefined;
  readonly document: Read<ConnectionDocument>;
  readonly catalogDocument: Read<CatalogDocument> | undefined;
}

export interface Policy {
  readonly name: string;
  readonly owner: string;
  readonly shadow: boolean;
  /** "group:NAME", "user:SUBJECT" or "*". */
  readonly subjects: readonly string[];
  readonly connections: readonly Connection[];
  readonly rules: readonly Rule[];
  readonly document: Read<PolicyDocument>;
}

/** A name as the author wrote it and as the backend compares it. */
export interface Name {
  readonly written: string;
  readonly canonical: string;
  readonly path: Path;
}

export interface Rule {
  /** policy/rule */
  readonly id: string;
  readonly policy: Policy;
  readonly effect: Effect;
  /** "*" means every action. Empty for masks. */
  readonly actions: readonly string[];
  readonly resources: readonly Name[];
  /** For masks: canonical column patterns, tags resolved. */
  readonly columns: readonly string[];
  /** For masks: the columns that were written by name. */
  readonly columnNames: readonly Name[];
  readonly mask: Mask | undefined;
  readonly condition: RuleCondition | undefined;
  readonly rows: number | undefined;
  readonly rate: { readonly count: number; readonly windowSeconds: number } | undefined;
  readonly approval: { readonly approvers: readonly string[]; readonly expiresSeconds: number } | undefined;
  readonly message: string;
  /** Where the rule is in its document. */
  readonly path: Path;
}

export interface RuleCondition {
  readonly cel: string;
  /** Undefined when it does not compile; there is a finding then. */
  readonly compiled: CompiledCondition | undefined;
}

export interface TaggedColumns {
  readonly tag: string;
  readonly connection: Connection;
  readonly column: Name;
  readonly document: Read<ClassificationDocument>;
}
