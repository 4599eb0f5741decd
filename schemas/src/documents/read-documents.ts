/** From the bytes of one file to documents of known kinds, each checked against its schema. */
import { diagnose, diagnoseFile, type Diagnostic } from '../diagnostics/diagnostic.js';
import { didYouMean } from '../diagnostics/nearest-name.js';
import { AUTHORING_ERRORS } from '../errors/index.js';
import { readYaml } from '../yaml/read-yaml.js';
import { originAt, toValue, type YamlDocument } from '../yaml/tree.js';
import type { AnyDocument, DocumentOf, Kind } from './kinds.js';
import { schemaFindings } from './schema-findings.js';
import { isKind, KINDS, validateKind, wordsOf } from './schema-validators.js';

/** A document and where its parts were written. */
export interface Read<T extends AnyDocument = AnyDocument> {
  readonly file: string;
  readonly value: T;
  readonly yaml: YamlDocument;
}

export interface ReadFile<T extends AnyDocument = AnyDocument> {
  readonly documents: readonly Read<T>[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Any number of documents of any kinds, as in a repository of policies. */
export const readDocuments = (file: string, bytes: Uint8Array): ReadFile =>
  readAll(file, bytes, KINDS, new Set());

export type ReadOne<T extends AnyDocument> =
  | { readonly ok: true; readonly document: Read<T> }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** Exactly one document of one kind, as in a file of configuration. */
export function readDocument<K extends Kind>(
  file: string,
  bytes: Uint8Array,
  kind: K,
): ReadOne<DocumentOf<K>> {
  const { documents, diagnostics } = readAll(file, bytes, [kind], wordsOf(kind));
  const [document, second] = documents;
  if (diagnostics.length > 0) return { ok: false, diagnostics };
  if (document !== undefined && second === undefined) return { ok: true, document };
  const help = `The file must hold one document of kind \`${kind}\`.`;
  const finding =
    second === undefined
      ? diagnoseFile(AUTHORING_ERRORS.unknown_kind, file, 'the file holds no document', help)
      : diagnose(
          AUTHORING_ERRORS.unknown_kind,
          originAt(second.yaml, ['kind']),
          'the file holds a second document',
          help,
        );
  return { ok: false, diagnostics: [finding] };
}

function readAll<K extends Kind>(
  file: string,
  bytes: Uint8Array,
  kinds: readonly K[],
  plainWords: ReadonlySet<string>,
): ReadFile<DocumentOf<K>> {
  const yaml = readYaml(file, bytes, plainWords);
  const documents: Read<DocumentOf<K>>[] = [];
  const diagnostics: Diagnostic[] = [...yaml.diagnostics];
  for (const document of yaml.documents) {
    const value = toValue(document.root);
    const kind = kindOf(document, value, kinds, diagnostics);
    if (kind === undefined) continue;
    const checked = validateKind(kind, value);
    if (checked.ok) documents.push({ file, value: checked.value, yaml: document });
    else diagnostics.push(...schemaFindings(document, checked.errors));
  }
  return { documents, diagnostics };
}

function kindOf<K extends Kind>(
  document: YamlDocument,
  value: unknown,
  kinds: readonly K[],
  diagnostics: Diagnostic[],
): K | undefined {
  const head = document.root.kind === 'map' ? (value as Readonly<Record<string, unknown>>) : {};
  const { kind } = head;
  const wanted = kinds.find((name) => name === kind);
  if (wanted !== undefined) return wanted;
  const known = kinds.map((name) => `\`${name}\``).join(', ');
  const help = kinds.length === 1 ? `Expected kind: ${known}.` : `Known kinds: ${known}.`;
  const { start } = document.root;
  const origin =
    kind === undefined ? { source: document.source, start, end: start + 1 } : originAt(document, ['kind']);
  diagnostics.push(diagnose(AUTHORING_ERRORS.unknown_kind, origin, complaint(kind, kinds), help));
  return undefined;
}

function complaint(kind: unknown, kinds: readonly Kind[]): string {
  if (kind === undefined) return 'the document has no `kind`';
  if (isKind(kind)) return `the document is of kind \`${kind}\``;
  const written = typeof kind === 'string' ? kind : JSON.stringify(kind);
  return `unknown kind \`${written}\`${didYouMean(written, kinds)}`;
}
