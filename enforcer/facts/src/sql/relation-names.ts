/** The names of a relation and its columns in their several spellings, made once for each relation. */
import type { Relation } from './catalog.js';
import { canonicalName, quoted } from './identifier.js';

export interface RelationNames {
  readonly canonical: string;
  /** `"schema"."name"`: means this relation wherever it stands. */
  readonly pinned: string;
  /** Canonical names of its columns, by their own. */
  readonly columns: ReadonlyMap<string, string>;
}

const known = new WeakMap<Relation, RelationNames>();

export function namesOf(relation: Relation): RelationNames {
  let names = known.get(relation);
  if (names === undefined) known.set(relation, (names = spell(relation)));
  return names;
}

function spell({ schema, name, columns }: Relation): RelationNames {
  const canonical = canonicalName(schema, name);
  return {
    canonical,
    pinned: `${quoted(schema)}.${quoted(name)}`,
    columns: new Map(columns.map((column) => [column.name, `${canonical}.${canonicalName(column.name)}`])),
  };
}
