/**
 * The third key. The backend says of each result column which table and attribute it comes straight from. A
 * masked base column must never be among them, because the rewrite put an expression in its place; if one is,
 * the rewrite was wrong or was by-passed, and its values are blanked whatever the other keys thought.
 */
import type { Facts } from '@sluice/schemas';
import { canonicalName, type Catalog, type Relation } from '@sluice/facts';
import type { Generation, Session } from '../../pipeline/index.js';
import type { FieldOrigin } from '../codec/backend-messages.js';

export type Origins =
  /** Indexes of the result columns to blank; usually none. */
  | { readonly kind: 'known'; readonly masked: ReadonlySet<number> }
  /** A column comes from a relation that is not in the catalog: nothing is known of its masks. */
  | { readonly kind: 'unknown' };

/** Relations below this OID were made by initdb and hold no data of anyone. */
const FIRST_USER_OID = 16_384;
const NONE: Origins = { kind: 'known', masked: new Set() };

export class Provenance {
  readonly #session: Session;
  #generation: Generation | undefined;
  #catalog: Catalog | undefined;
  #relations: ReadonlyMap<number, Known> = new Map();
  /** By `oid.attribute`: whether some rule masks the column for this principal under some facts. */
  #everMasked = new Map<string, boolean>();

  constructor(session: Session) {
    this.#session = session;
  }

  judge(
    fields: readonly FieldOrigin[],
    generation: Generation,
    catalog: Catalog | undefined,
    facts: () => Facts,
  ): Origins {
    if (fields.every(({ tableOid }) => tableOid < FIRST_USER_OID)) return NONE;
    if (catalog === undefined) return { kind: 'unknown' };
    this.#adopt(generation, catalog);
    const masked = new Set<number>();
    for (const [index, field] of fields.entries()) {
      if (field.tableOid < FIRST_USER_OID) continue;
      const known = this.#relations.get(field.tableOid);
      const columns = known && columnsOf(known, field.attribute);
      if (columns === undefined) return { kind: 'unknown' };
      if (this.#mayBeMasked(field, columns, generation) && this.#isMasked(columns, generation, facts())) {
        masked.add(index);
      }
    }
    return masked.size === 0 ? NONE : { kind: 'known', masked };
  }

  #adopt(generation: Generation, catalog: Catalog): void {
    if (catalog !== this.#catalog) this.#relations = relationsByOid(catalog);
    if (catalog !== this.#catalog || generation !== this.#generation) this.#everMasked = new Map();
    this.#catalog = catalog;
    this.#generation = generation;
  }

  /** With no fact known every condition of a mask fails, and a mask whose condition fails counts. */
  #mayBeMasked(field: FieldOrigin, columns: readonly string[], generation: Generation): boolean {
    const key = `${field.tableOid}.${field.attribute}`;
    const known = this.#everMasked.get(key);
    if (known !== undefined) return known;
    const masked = this.#isMasked(columns, generation, {});
    this.#everMasked.set(key, masked);
    return masked;
  }

  #isMasked(columns: readonly string[], generation: Generation, facts: Facts): boolean {
    const { principal, connection } = this.#session;
    const decision = generation.policy.decide({
      subject: principal.subject,
      groups: principal.groups,
      connection,
      accesses: [{ action: 'connect', resource: connection }],
      columns,
      facts,
    });
    // Fails closed: an evaluator that could not finish has not said that nothing is masked.
    const unfinished = decision.reason === 'too_many_matches' || decision.reason === 'evaluator_failed';
    return unfinished || decision.masks.size > 0;
  }
}

interface Known {
  readonly relation: Relation;
  /** Canonical names under which rules may speak of its rows: its own, of each parent, of each child. */
  readonly names: readonly string[];
}

const byCatalog = new WeakMap<Catalog, ReadonlyMap<number, Known>>();

/** Shared by all sessions on the same catalog. */
function relationsByOid(catalog: Catalog): ReadonlyMap<number, Known> {
  const made = byCatalog.get(catalog);
  if (made) return made;
  const known = new Map<number, Known>();
  const children = new Map<string, string[]>();
  for (const [name, { parents }] of catalog.relations) {
    for (const parent of parents) children.set(parent, [...(children.get(parent) ?? []), name]);
  }
  for (const [name, relation] of catalog.relations) {
    known.set(relation.oid, {
      relation,
      names: [name, ...relation.parents, ...(children.get(name) ?? [])],
    });
  }
  byCatalog.set(catalog, known);
  return known;
}

/**
 * Canonical columns under which a mask may be written for what this attribute shows, and for a view the columns
 * of the same name that its definition reads. Attribute 0 is the whole row. Undefined: not in the catalog.
 */
function columnsOf({ relation, names }: Known, attribute: number): readonly string[] | undefined {
  const shown =
    attribute === 0 ? relation.columns : relation.columns.filter(({ number }) => number === attribute);
  // System columns (ctid, tableoid, ...) have negative numbers and hold no column's value.
  if (shown.length === 0) return attribute < 0 ? [] : undefined;
  const suffixes = shown.map(({ name }) => `.${canonicalName(name)}`);
  const read = relation.reads.filter((column) => suffixes.some((suffix) => column.endsWith(suffix)));
  return [...names.flatMap((table) => suffixes.map((suffix) => table + suffix)), ...read];
}
