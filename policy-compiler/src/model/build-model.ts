/** From documents to the model: names resolved, conditions compiled, everything that cannot be a finding. */
import { posix } from 'node:path';
import { AUTHORING_ERRORS } from '@sluice/schemas';
import { diagnose, didYouMean, type Diagnostic } from '@sluice/schemas/diagnostics';
import type {
  AnyDocument,
  CatalogDocument,
  ClassificationDocument,
  ConnectionDocument,
  PolicyDocument,
  PolicyTestDocument,
  Read,
} from '@sluice/schemas/documents';
import { keyOriginAt, originAt } from '@sluice/schemas/yaml';
import { buildCatalog } from './catalogs.js';
import { canonicalOf } from './canonical-name.js';
import { PolicyBuilder } from './build-policy.js';
import type { Connection, Model, Policy, TaggedColumns } from './model.js';
import { resolveConnections } from './selectors.js';

export function buildModel(documents: readonly Read[], diagnostics: Diagnostic[]): Model {
  const policies = only<PolicyDocument>(documents, 'Policy');
  const tests = only<PolicyTestDocument>(documents, 'PolicyTest');
  const classifications = only<ClassificationDocument>(documents, 'Classification');
  const catalogs = only<CatalogDocument>(documents, 'Catalog');
  const connectionDocuments = only<ConnectionDocument>(documents, 'Connection');
  for (const group of [policies, tests, classifications, catalogs, connectionDocuments]) {
    findTwins(group, diagnostics);
  }
  noteOthers(documents, diagnostics);

  const connections = buildConnections(connectionDocuments, catalogs, diagnostics);
  const tags = classifications.flatMap((document) => tagsOf(document, connections, diagnostics));
  const builder = new PolicyBuilder(connections, tags, diagnostics);
  return {
    connections: [...connections.values()],
    policies: policies.map((document): Policy => builder.policy(document)),
    tags,
    tests,
  };
}

function only<T extends AnyDocument>(documents: readonly Read[], kind: T['kind']): Read<T>[] {
  return documents.filter((document): document is Read<T> => document.value.kind === kind);
}

/** Two documents of one kind and name: which one is meant is anybody's guess. */
function findTwins(
  documents: readonly Read<Exclude<AnyDocument, { kind: 'Trust' | 'Grant' | 'Enforcer' }>>[],
  diagnostics: Diagnostic[],
): void {
  const seen = new Map<string, Read>();
  for (const document of documents) {
    const { kind, metadata } = document.value;
    const first = seen.get(metadata.name);
    if (first !== undefined) {
      const message = `the ${kind} \`${metadata.name}\` is also defined in \`${first.file}\``;
      const origin = originAt(document.yaml, ['metadata', 'name']);
      diagnostics.push(diagnose(AUTHORING_ERRORS.duplicate_name, origin, message));
    } else seen.set(metadata.name, document);
  }
}

function noteOthers(documents: readonly Read[], diagnostics: Diagnostic[]): void {
  for (const { value, yaml } of documents) {
    if (value.kind !== 'Grant' && value.kind !== 'Enforcer') continue;
    const message = `a document of kind \`${value.kind}\` has no effect on the bundle`;
    diagnostics.push(diagnose(AUTHORING_ERRORS.kind_not_compiled, originAt(yaml, ['kind']), message));
  }
}

function buildConnections(
  documents: readonly Read<ConnectionDocument>[],
  catalogs: readonly Read<CatalogDocument>[],
  diagnostics: Diagnostic[],
): ReadonlyMap<string, Connection> {
  const byFile = new Map(catalogs.map((catalog) => [catalog.file, catalog]));
  const built = new Map(catalogs.map((catalog) => [catalog, buildCatalog(catalog, diagnostics)]));
  const connections = documents.map((document): Connection => {
    const { metadata, spec } = document.value;
    const path = spec.catalog && posix.normalize(posix.join(posix.dirname(document.file), spec.catalog));
    const catalogDocument = path === undefined ? undefined : byFile.get(path);
    if (path !== undefined && catalogDocument === undefined) {
      const message = `no document of kind Catalog in \`${path}\`${didYouMean(path, byFile.keys())}`;
      const origin = originAt(document.yaml, ['spec', 'catalog']);
      diagnostics.push(diagnose(AUTHORING_ERRORS.unknown_catalog, origin, message));
    }
    return {
      name: metadata.name,
      protocol: spec.protocol,
      labels: metadata.labels ?? {},
      catalog: catalogDocument && built.get(catalogDocument),
      document,
      catalogDocument,
    };
  });
  connections.sort((a, b) => (a.name < b.name ? -1 : 1));
  return new Map(connections.map((connection) => [connection.name, connection]));
}

function tagsOf(
  document: Read<ClassificationDocument>,
  connections: ReadonlyMap<string, Connection>,
  diagnostics: Diagnostic[],
): TaggedColumns[] {
  const { spec } = document.value;
  const path = ['spec', 'connections'];
  const where = resolveConnections(spec.connections, connections, document, path, diagnostics);
  const tagged: TaggedColumns[] = [];
  for (const [written, tags] of Object.entries(spec.columns)) {
    const at = ['spec', 'columns', written];
    const name = canonicalOf(written);
    if (name === undefined || (name.parts !== 3 && !name.text.includes('*'))) {
      const message = `\`${written}\` is not a column of the form \`schema.table.column\``;
      diagnostics.push(diagnose(AUTHORING_ERRORS.malformed_name, keyOriginAt(document.yaml, at), message));
      continue;
    }
    const column = { written, canonical: name.text, path: at };
    for (const connection of where)
      for (const tag of tags) tagged.push({ tag, connection, column, document });
  }
  return tagged;
}
