/** From the bytes of one file to documents of known kinds, each checked against its schema. */
import { AUTHORING_ERRORS } from '@sluice/schemas';
import { diagnose, type Diagnostic } from '../diagnostics/diagnostic.js';
import { didYouMean } from '../diagnostics/nearest-name.js';
import { readYaml } from '../yaml/read-yaml.js';
import { originAt, toValue, type YamlDocument } from '../yaml/tree.js';
import type { AnyDocument } from './kinds.js';
import { schemaFindings } from './schema-findings.js';
import { isKind, KINDS, validateKind } from './schema-validators.js';

/** A document and where its parts were written. */
export interface Read<T extends AnyDocument = AnyDocument> {
  readonly file: string;
  readonly value: T;
  readonly yaml: YamlDocument;
}

export interface ReadFile {
  readonly documents: readonly Read[];
  readonly diagnostics: readonly Diagnostic[];
}

export function readDocuments(file: string, bytes: Uint8Array): ReadFile {
  const yaml = readYaml(file, bytes);
  const documents: Read[] = [];
  const diagnostics: Diagnostic[] = [...yaml.diagnostics];
  for (const document of yaml.documents) {
    const value = toValue(document.root);
    const kind = kindOf(document, value, diagnostics);
    if (kind === undefined) continue;
    const checked = validateKind(kind, value);
    if (checked.ok) documents.push({ file, value: checked.value, yaml: document });
    else diagnostics.push(...schemaFindings(document, checked.errors));
  }
  return { documents, diagnostics };
}

function kindOf(
  document: YamlDocument,
  value: unknown,
  diagnostics: Diagnostic[],
): AnyDocument['kind'] | undefined {
  const head = document.root.kind === 'map' ? (value as Readonly<Record<string, unknown>>) : {};
  const { kind } = head;
  if (isKind(kind)) return kind;
  const known = KINDS.map((name) => `\`${name}\``).join(', ');
  const written = typeof kind === 'string' ? kind : JSON.stringify(kind);
  const { start } = document.root;
  const message =
    kind === undefined
      ? 'the document has no `kind`'
      : `unknown kind \`${written}\`${didYouMean(written, KINDS)}`;
  const origin =
    kind === undefined ? { source: document.source, start, end: start + 1 } : originAt(document, ['kind']);
  diagnostics.push(diagnose(AUTHORING_ERRORS.unknown_kind, origin, message, `Known kinds: ${known}.`));
  return undefined;
}
