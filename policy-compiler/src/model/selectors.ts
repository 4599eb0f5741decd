/** Who and where: selectors resolved to subjects and connections. */
import { AUTHORING_ERRORS } from '@sluice/schemas';
import { diagnose, didYouMean, type Diagnostic } from '@sluice/schemas/diagnostics';
import type { ConnectionSelector, Read, SubjectSelector } from '@sluice/schemas/documents';
import { originAt, type Path } from '@sluice/schemas/yaml';
import type { Connection } from './model.js';

/** "group:NAME" and "user:SUBJECT", or "*" alone. */
export function resolveSubjects(selector: SubjectSelector): readonly string[] {
  if (selector === '*') return ['*'];
  const groups = (selector.groups ?? []).map((name) => `group:${name}`);
  const users = (selector.users ?? []).map((name) => `user:${name}`);
  return [...new Set([...groups, ...users])];
}

/** The connections that a selector at `path` means; each name or label set that means none is a finding. */
export function resolveConnections(
  selector: ConnectionSelector,
  connections: ReadonlyMap<string, Connection>,
  document: Read,
  path: Path,
  diagnostics: Diagnostic[],
): readonly Connection[] {
  if (selector === '*') return [...connections.values()];
  if (isList(selector)) {
    const chosen = selector.map((name, index) => {
      const connection = connections.get(name);
      if (connection === undefined) {
        const message = `unknown connection \`${name}\`${didYouMean(name, connections.keys())}`;
        const origin = originAt(document.yaml, [...path, index]);
        diagnostics.push(diagnose(AUTHORING_ERRORS.unknown_connection, origin, message));
      }
      return connection;
    });
    return [...new Set(chosen)].filter((connection) => connection !== undefined);
  }
  const labels = Object.entries(selector.labels ?? {});
  const chosen = [...connections.values()].filter((connection) =>
    labels.every(
      ([label, value]) => Object.hasOwn(connection.labels, label) && connection.labels[label] === value,
    ),
  );
  if (chosen.length === 0) {
    const wanted = labels.map(([label, value]) => `${label}: ${value}`).join(', ');
    const origin = originAt(document.yaml, [...path, 'labels']);
    const message = `no connection is labelled \`${wanted}\``;
    diagnostics.push(diagnose(AUTHORING_ERRORS.labels_select_nothing, origin, message));
  }
  return chosen;
}

const isList = (selector: ConnectionSelector): selector is readonly string[] => Array.isArray(selector);
