/**
 * What a database holds, as far as a judgement needs it: names, types and who reads whom; never data. The
 * enforcer loads it from the backend, the compiler from a reviewed file (kind `Catalog`); both fill this shape.
 * Names are canonical: `schema.name`, each part quoted as PostgreSQL would only where it must be.
 */
export interface Catalog {
  /** Changes whenever anything in it does; part of every cache key. */
  readonly version: string;
  /** The search path that unqualified names are resolved by, `pg_catalog` implied first. */
  readonly searchPath: readonly string[];
  /** By canonical name. System relations are included only where they may be read at all. */
  readonly relations: ReadonlyMap<string, Relation>;
  /** Canonical names of functions outside pg_catalog. */
  readonly functions: ReadonlySet<string>;
  /** Bare names of operators outside pg_catalog. */
  readonly operators: ReadonlySet<string>;
  /** Canonical names of types outside pg_catalog (domains, enums, composites). */
  readonly types: ReadonlySet<string>;
}

export type RelationKind =
  'table' | 'partitioned_table' | 'view' | 'materialized_view' | 'foreign_table' | 'sequence';

export interface Relation {
  /** pg_class.oid; 0 in a catalog that came from a file. */
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: RelationKind;
  readonly columns: readonly Column[];
  /** Canonical names of inheritance and partition parents, nearest first, all levels. */
  readonly parents: readonly string[];
  /** For views: canonical `schema.table.column` of everything the definition reads, through other views too. */
  readonly reads: readonly string[];
}

export interface Column {
  readonly name: string;
  /** pg_attribute.attnum; position from 1 in a catalog that came from a file. */
  readonly number: number;
  /** As format_type prints it with pg_catalog alone on the search path, e.g. `character varying(20)`. */
  readonly type: string;
  readonly notNull: boolean;
}
