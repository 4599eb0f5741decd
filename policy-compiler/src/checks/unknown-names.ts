/** Resources and columns that are in no catalog: misspelt, a deny of them would protect nothing. */
import { AUTHORING_ERRORS } from '@sluice/schemas';
import { diagnose, didYouMean, type Diagnostic } from '@sluice/schemas/diagnostics';
import { keyOriginAt, originAt } from '@sluice/schemas/yaml';
import type { Model, Name, Policy, TaggedColumns } from '../model/model.js';
import { CatalogNames, namesAt } from './catalog-names.js';
import { isGlob } from './glob-cover.js';

/** System relations are readable or not by the enforcer's own list; no reviewed catalog holds them. */
const SYSTEM = /^(?:pg_catalog|information_schema|pg_temp|pg_toast)\.|^operator\(/;

/** What is not there yet may well be created. */
const CREATES: ReadonlySet<string> = new Set(['create']);

export function* unknownResources(model: Model): Iterable<Diagnostic> {
  const connections = new Set(model.connections.map(({ name }) => name));
  for (const policy of model.policies) {
    const names = namesAt(policy.connections);
    for (const rule of policy.rules) {
      const connects = rule.actions.includes('connect') || rule.actions.includes('*');
      for (const resource of rule.resources) {
        if (resource.canonical === '*' || SYSTEM.test(resource.canonical)) continue;
        if (connects && connections.has(resource.canonical)) continue;
        if (rule.actions.every((action) => action === 'connect')) {
          yield* unknownConnection(policy, resource, connections);
        } else if (names && !rule.actions.every((action) => CREATES.has(action))) {
          yield* unknownResource(policy, resource, names);
        } else yield* unqualified(policy, resource);
      }
    }
  }
}

function* unknownConnection(
  policy: Policy,
  resource: Name,
  known: ReadonlySet<string>,
): Iterable<Diagnostic> {
  if (isGlob(resource.canonical)) return;
  const message = `unknown connection \`${resource.written}\`${didYouMean(resource.written, known)}`;
  yield diagnose(AUTHORING_ERRORS.unknown_connection, originAt(policy.document.yaml, resource.path), message);
}

function* unknownResource(
  policy: Policy,
  { written, canonical, path }: Name,
  names: CatalogNames,
): Iterable<Diagnostic> {
  if (names.hasResource(canonical)) return;
  const origin = originAt(policy.document.yaml, path);
  const where = `in the catalog of ${listConnections(policy)}`;
  if (isGlob(canonical)) {
    const message = `\`${written}\` matches nothing ${where}`;
    yield diagnose(AUTHORING_ERRORS.pattern_matches_nothing, origin, message);
  } else {
    const message = `unknown resource \`${written}\` ${where}${didYouMean(canonical, names.resources)}`;
    yield diagnose(AUTHORING_ERRORS.unknown_resource, origin, message);
  }
}

/** Without a catalog at least the form can be held: accesses always name `schema.name`. */
function* unqualified(policy: Policy, { written, canonical, path }: Name): Iterable<Diagnostic> {
  if (canonical.includes('.') || isGlob(canonical)) return;
  const message = `\`${written}\` is not a name of the form \`schema.name\`, so no request can match it`;
  yield diagnose(AUTHORING_ERRORS.malformed_name, originAt(policy.document.yaml, path), message);
}

export function* unknownColumns(model: Model): Iterable<Diagnostic> {
  for (const policy of model.policies) {
    const names = namesAt(policy.connections);
    if (!names) continue;
    for (const rule of policy.rules) {
      for (const column of rule.columnNames) {
        const origin = originAt(policy.document.yaml, column.path);
        yield* unknownColumn(column, origin, names, listConnections(policy));
      }
    }
  }
}

/** Columns that a classification tags, looked for in the catalogs of all connections that it covers. */
export function* unknownTaggedColumns(model: Model): Iterable<Diagnostic> {
  const byColumn = new Map<Name, TaggedColumns[]>();
  for (const tagged of model.tags) {
    const list = byColumn.get(tagged.column);
    if (list) list.push(tagged);
    else byColumn.set(tagged.column, [tagged]);
  }
  for (const [column, tagged] of byColumn) {
    const connections = [...new Set(tagged.map(({ connection }) => connection))];
    const names = connections.flatMap((connection) => namesAtOne(connection) ?? []);
    if (names.length < connections.length || names.some((each) => each.hasColumn(column.canonical))) continue;
    const [first] = tagged;
    const [some] = names;
    if (!first || !some) continue;
    const origin = keyOriginAt(first.document.yaml, column.path);
    yield* unknownColumn(column, origin, some, connections.map(({ name }) => `\`${name}\``).join(', '));
  }
}

const single = new WeakMap<object, CatalogNames | undefined>();

function namesAtOne(connection: Model['connections'][number]): CatalogNames | undefined {
  if (!single.has(connection))
    single.set(connection, connection.catalog && new CatalogNames([connection.catalog]));
  return single.get(connection);
}

function* unknownColumn(
  { written, canonical }: Name,
  origin: ReturnType<typeof originAt>,
  names: CatalogNames,
  where: string,
): Iterable<Diagnostic> {
  if (canonical === '*' || SYSTEM.test(canonical) || names.hasColumn(canonical)) return;
  if (isGlob(canonical)) {
    const message = `\`${written}\` matches no column in the catalog of ${where}`;
    yield diagnose(AUTHORING_ERRORS.pattern_matches_nothing, origin, message);
    return;
  }
  const message = `unknown column \`${written}\` in the catalog of ${where}${didYouMean(canonical, names.columns)}`;
  yield diagnose(AUTHORING_ERRORS.unknown_column, origin, message);
}

const listConnections = (policy: Policy): string =>
  policy.connections.map(({ name }) => `\`${name}\``).join(', ');
