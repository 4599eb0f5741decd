/** From a reviewed Catalog document to the catalog that statements are judged against. */
import { createHash } from 'node:crypto';
import { splitCanonical, type Catalog, type Relation } from '@sluice/facts';
import { AUTHORING_ERRORS } from '@sluice/schemas';
import { diagnose, type Diagnostic } from '@sluice/schemas/diagnostics';
import type { CatalogDocument, Read, RelationDocument } from '@sluice/schemas/documents';
import { keyOriginAt, originAt, type Path } from '@sluice/schemas/yaml';
import { canonicalOf } from './canonical-name.js';

export function buildCatalog(document: Read<CatalogDocument>, diagnostics: Diagnostic[]): Catalog {
  const { spec } = document.value;
  const builder = new CatalogBuilder(document, diagnostics);
  const relations = new Map<string, Relation>();
  for (const [written, relation] of Object.entries(spec.relations)) {
    const path = ['spec', 'relations', written];
    const name = builder.name(written, 2, path, 'key');
    if (name === undefined) continue;
    if (relations.has(name)) {
      const origin = keyOriginAt(document.yaml, path);
      diagnostics.push(diagnose(AUTHORING_ERRORS.duplicate_name, origin, `\`${name}\` is listed twice`));
    }
    relations.set(name, builder.relation(name, relation, path));
  }
  const names = (key: 'functions' | 'types'): ReadonlySet<string> =>
    new Set(
      (spec[key] ?? []).flatMap((written, index) => builder.name(written, 2, ['spec', key, index]) ?? []),
    );
  return {
    version: createHash('sha256').update(JSON.stringify(spec)).digest('hex'),
    searchPath: spec.searchPath ?? ['public'],
    relations,
    functions: names('functions'),
    operators: new Set(spec.operators ?? []),
    types: names('types'),
  };
}

class CatalogBuilder {
  constructor(
    private readonly document: Read<CatalogDocument>,
    private readonly diagnostics: Diagnostic[],
  ) {}

  relation(canonical: string, { kind, columns, reads, parents }: RelationDocument, path: Path): Relation {
    const [schema = '', name = ''] = splitCanonical(canonical) ?? [];
    return {
      oid: 0,
      schema,
      name,
      kind: kind ?? 'table',
      columns: Object.entries(columns).map(([column, type], index) => ({
        // Names of columns are given bare, as in pg_attribute.
        name: column,
        number: index + 1,
        type,
        notNull: false,
      })),
      parents: this.names(parents, 2, [...path, 'parents']),
      reads: this.names(reads, 3, [...path, 'reads']),
    };
  }

  names(written: readonly string[] = [], parts: number, path: Path): string[] {
    return written.flatMap((name, index) => this.name(name, parts, [...path, index]) ?? []);
  }

  name(written: string, parts: number, path: Path, where: 'key' | 'value' = 'value'): string | undefined {
    const name = canonicalOf(written);
    if (name?.parts === parts && !name.text.includes('*')) return name.text;
    const origin =
      where === 'key' ? keyOriginAt(this.document.yaml, path) : originAt(this.document.yaml, path);
    const form = parts === 2 ? 'schema.name' : 'schema.table.column';
    const message = `\`${written}\` is not a name of the form \`${form}\``;
    this.diagnostics.push(diagnose(AUTHORING_ERRORS.malformed_name, origin, message));
    return undefined;
  }
}
