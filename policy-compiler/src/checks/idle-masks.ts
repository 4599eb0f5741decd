/** Masks on columns that nobody may read anyway: often a sign of a misspelt allow. */
import { splitCanonical, canonicalName } from '@sluice/facts';
import { AUTHORING_ERRORS } from '@sluice/schemas';
import { diagnose, type Diagnostic } from '@sluice/schemas/diagnostics';
import { originAt } from '@sluice/schemas/yaml';
import type { Connection, Model } from '../model/model.js';
import { covers, isGlob } from './glob-cover.js';

/** Relations that some rule lets somebody reach at one connection, views' sources included. */
interface Readable {
  readonly literals: Set<string>;
  readonly globs: Set<string>;
}

export function* idleMasks(model: Model): Iterable<Diagnostic> {
  const readable = readableByConnection(model);
  for (const policy of model.policies) {
    for (const rule of policy.rules) {
      if (rule.effect !== 'mask' || rule.columns.length === 0) continue;
      const reached = policy.connections.some((connection) =>
        rule.columns.some((column) => isReadable(column, connection, readable.get(connection))),
      );
      if (reached || policy.connections.length === 0) continue;
      const shown = rule.columns
        .slice(0, 3)
        .map((column) => `\`${column}\``)
        .join(', ');
      const message = `the mask \`${rule.id}\` hides what no rule lets anybody read: ${shown}`;
      const origin = originAt(policy.document.yaml, [...rule.path, 'columns']);
      yield diagnose(AUTHORING_ERRORS.mask_without_reader, origin, message);
    }
  }
}

function readableByConnection(model: Model): ReadonlyMap<Connection, Readable> {
  const readable = new Map<Connection, Readable>();
  for (const connection of model.connections)
    readable.set(connection, { literals: new Set(), globs: new Set() });
  for (const { connections, rules } of model.policies) {
    for (const { effect, resources } of rules) {
      if (effect !== 'allow' && effect !== 'require_approval') continue;
      for (const connection of connections) {
        for (const { canonical } of resources) {
          const sets = readable.get(connection);
          (isGlob(canonical) ? sets?.globs : sets?.literals)?.add(canonical);
        }
      }
    }
  }
  for (const [connection, sets] of readable) addSources(connection, sets);
  return readable;
}

/** Who may read a view reads the columns behind it. */
function addSources({ catalog }: Connection, { literals, globs }: Readable): void {
  for (const [name, { reads, parents }] of catalog?.relations ?? []) {
    if (reads.length === 0 && parents.length === 0) continue;
    if (!literals.has(name) && ![...globs].some((glob) => covers(glob, name))) continue;
    for (const column of reads) literals.add(relationOf(column));
    for (const parent of parents) literals.add(parent);
  }
}

function isReadable(column: string, { catalog }: Connection, readable: Readable | undefined): boolean {
  if (!readable) return false;
  if (!isGlob(column)) {
    const relation = relationOf(column);
    return readable.literals.has(relation) || [...readable.globs].some((glob) => covers(glob, relation));
  }
  // Without a catalog a pattern may mean anything that is readable.
  if (!catalog) return readable.literals.size + readable.globs.size > 0;
  for (const [name, relation] of catalog.relations) {
    if (!readable.literals.has(name) && ![...readable.globs].some((glob) => covers(glob, name))) continue;
    if (relation.columns.some((each) => covers(column, `${name}.${canonicalName(each.name)}`))) return true;
  }
  return false;
}

/** `schema.table.column` without its column. */
const relationOf = (column: string): string =>
  canonicalName(...(splitCanonical(column) ?? [column]).slice(0, -1));
