/** Everything that the catalogs of some connections name, looked up in constant time. */
import { canonicalName, type Catalog } from '@sluice/facts';
import type { Connection } from '../model/model.js';
import { covers, isGlob } from './glob-cover.js';

export class CatalogNames {
  /** Relations and functions. */
  readonly resources = new Set<string>();
  readonly columns = new Set<string>();
  readonly #matched = new Map<string, boolean>();

  constructor(catalogs: readonly Catalog[]) {
    for (const { relations, functions } of catalogs) {
      for (const name of functions) this.resources.add(name);
      for (const [name, relation] of relations) {
        this.resources.add(name);
        for (const column of relation.columns) this.columns.add(`${name}.${canonicalName(column.name)}`);
      }
    }
  }

  hasResource(pattern: string): boolean {
    return this.#matches(pattern, this.resources, 'r');
  }

  hasColumn(pattern: string): boolean {
    return this.#matches(pattern, this.columns, 'c');
  }

  #matches(pattern: string, names: ReadonlySet<string>, kind: string): boolean {
    if (!isGlob(pattern)) return names.has(pattern);
    const key = kind + pattern;
    let matched = this.#matched.get(key);
    if (matched === undefined) {
      matched = [...names].some((name) => covers(pattern, name));
      this.#matched.set(key, matched);
    }
    return matched;
  }
}

const known = new WeakMap<readonly Connection[], CatalogNames | undefined>();

/** Undefined unless every connection has a catalog: only then can a name be said to be nowhere. */
export function namesAt(connections: readonly Connection[]): CatalogNames | undefined {
  if (!known.has(connections)) {
    const catalogs = connections.flatMap(({ catalog }) => catalog ?? []);
    const complete = connections.length > 0 && catalogs.length === connections.length;
    known.set(connections, complete ? new CatalogNames(catalogs) : undefined);
  }
  return known.get(connections);
}
