/** The YAML kinds as they look once their JSON Schema (schemas/json) has passed them. */
import type { Effect, Mask, Outcome } from '../request.js';

interface Metadata {
  readonly name: string;
  readonly owner?: string;
  readonly description?: string;
}

export type ConnectionSelector =
  '*' | readonly string[] | { readonly labels?: Readonly<Record<string, string>> };

export type SubjectSelector =
  '*' | { readonly groups?: readonly string[]; readonly users?: readonly string[] };

export interface RuleDocument {
  readonly id: string;
  readonly effect: Effect;
  readonly description?: string;
  readonly actions?: readonly string[];
  readonly resources?: readonly string[];
  readonly columns?:
    readonly string[] | { readonly tags?: readonly string[]; readonly names?: readonly string[] };
  /** YAML reads an unquoted `null` as no value; both spellings mean the mask. */
  readonly with?: Mask | null;
  readonly when?: string;
  readonly limits?: { readonly rows?: number; readonly rate?: string };
  readonly approval?: { readonly approvers: readonly string[]; readonly expires?: string };
  readonly message?: string;
}

export interface PolicyDocument {
  readonly kind: 'Policy';
  readonly metadata: Metadata;
  readonly spec: {
    readonly mode?: 'enforce' | 'shadow';
    readonly subjects: SubjectSelector;
    readonly connections: ConnectionSelector;
    readonly rules: readonly RuleDocument[];
  };
}

export interface ConnectionDocument {
  readonly kind: 'Connection';
  readonly metadata: Metadata & { readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly protocol: string; readonly catalog?: string };
}

export interface ClassificationDocument {
  readonly kind: 'Classification';
  readonly metadata: Metadata;
  readonly spec: {
    readonly connections: ConnectionSelector;
    readonly columns: Readonly<Record<string, readonly string[]>>;
  };
}

export interface RelationDocument {
  readonly kind?: 'table' | 'partitioned_table' | 'view' | 'materialized_view' | 'foreign_table' | 'sequence';
  readonly columns: Readonly<Record<string, string>>;
  readonly reads?: readonly string[];
  readonly parents?: readonly string[];
}

export interface CatalogDocument {
  readonly kind: 'Catalog';
  readonly metadata: Metadata;
  readonly spec: {
    readonly searchPath?: readonly string[];
    readonly relations: Readonly<Record<string, RelationDocument>>;
    readonly functions?: readonly string[];
    readonly operators?: readonly string[];
    readonly types?: readonly string[];
  };
}

export interface AskerDocument {
  readonly subject?: string;
  readonly groups?: readonly string[];
  readonly issuer?: string;
}

export interface ExpectationDocument {
  readonly outcome: Outcome;
  readonly rule?: string;
  readonly rules?: readonly string[];
  readonly masks?: Readonly<Record<string, Mask | 'none' | null>>;
  readonly rows?: number | null;
  readonly code?: string;
}

export interface CaseDocument {
  readonly name?: string;
  readonly as?: AskerDocument;
  readonly on?: string;
  readonly intent?: string;
  readonly sql: string;
  readonly facts?: Readonly<Record<string, boolean | number | string | readonly string[]>>;
  readonly expect: Outcome | ExpectationDocument;
}

export interface PolicyTestDocument {
  readonly kind: 'PolicyTest';
  readonly metadata: Metadata;
  readonly spec: {
    readonly as?: AskerDocument;
    readonly on?: string;
    readonly cases: readonly CaseDocument[];
  };
}

export interface EnforcerDocument {
  readonly kind: 'Enforcer';
  readonly spec: {
    readonly bundle: {
      readonly source: string;
      readonly trust: string;
      readonly poll?: string;
      readonly stale_after?: string;
      readonly fail_closed_after?: string;
    };
    readonly identity: { readonly issuers: readonly IssuerDocument[] };
    readonly connections: readonly BackendDocument[];
    readonly approvals?: { readonly hold?: string };
    readonly audit: { readonly dir: string; readonly durability?: 'written' | 'strict' };
    readonly state: string;
    readonly admin: { readonly listen: string; readonly operators?: readonly string[] };
  };
}

interface IssuerDocument {
  readonly issuer: string;
  readonly audience: string;
  readonly groups: string;
  readonly algorithms?: readonly (`${'RS' | 'PS' | 'ES'}${256 | 384 | 512}` | 'EdDSA')[];
  readonly jwks_uri?: string;
}

/** A connection as the enforcer is told of it; to the compiler it is a `ConnectionDocument`. */
export interface BackendDocument {
  readonly name: string;
  readonly protocol: 'postgres';
  readonly listen: string;
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly databases?: readonly string[];
  readonly upstream: {
    readonly host: string;
    readonly port?: number;
    readonly database: string;
    readonly user: string;
    readonly password: SecretSource;
    readonly tls: 'off' | 'verify-full';
    readonly ca?: string;
  };
}

export type SecretSource =
  | { readonly env: string }
  | { readonly file: string }
  /** Program and arguments, run without a shell; its standard output is the secret. */
  | { readonly command: readonly string[] };

/** Checked against its schema here; the engine makes of it what it believes. */
export interface TrustDocument {
  readonly kind: 'Trust';
}

export interface GrantDocument {
  readonly kind: 'Grant';
}

export type AnyDocument =
  | PolicyDocument
  | ConnectionDocument
  | ClassificationDocument
  | CatalogDocument
  | PolicyTestDocument
  | EnforcerDocument
  | TrustDocument
  | GrantDocument;

export type Kind = AnyDocument['kind'];

export type DocumentOf<K extends Kind> = Extract<AnyDocument, { readonly kind: K }>;
