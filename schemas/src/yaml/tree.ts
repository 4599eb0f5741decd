/** The part of YAML that is accepted, with exact places: mappings of text keys, sequences and plain values. */
import type { Origin, SourceText } from '../diagnostics/source-text.js';

interface Placed {
  readonly start: number;
  readonly end: number;
}

export interface YamlMap extends Placed {
  readonly kind: 'map';
  readonly entries: readonly YamlEntry[];
}

export interface YamlEntry {
  readonly key: string;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly value: YamlNode;
}

export interface YamlList extends Placed {
  readonly kind: 'list';
  readonly items: readonly YamlNode[];
}

export interface YamlScalar extends Placed {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
}

export type YamlNode = YamlMap | YamlList | YamlScalar;

export type Path = readonly (string | number)[];

declare const read: unique symbol;

/** One document of a file. Only `readYaml` makes one, so whoever holds it holds strictly read YAML. */
export interface YamlDocument {
  readonly [read]: true;
  readonly source: SourceText;
  readonly root: YamlNode;
}

/** Where the value at `path` was written; the nearest value above it when there is none. */
export function originAt(document: YamlDocument, path: Path): Origin {
  let node = document.root;
  for (const step of path) {
    const next = childOf(node, step);
    if (next === undefined) break;
    node = next;
  }
  return { source: document.source, start: node.start, end: node.end };
}

/** Where the key at the end of `path` was written, or else its value. */
export function keyOriginAt(document: YamlDocument, path: Path): Origin {
  const parent = nodeAt(document, path.slice(0, -1));
  const last = path.at(-1);
  if (parent?.kind === 'map') {
    const entry = parent.entries.find(({ key }) => key === last);
    if (entry) return { source: document.source, start: entry.keyStart, end: entry.keyEnd };
  }
  return originAt(document, path);
}

export function nodeAt(document: YamlDocument, path: Path): YamlNode | undefined {
  let node: YamlNode | undefined = document.root;
  for (const step of path) node = node && childOf(node, step);
  return node;
}

function childOf(node: YamlNode, step: string | number): YamlNode | undefined {
  if (node.kind === 'list') return typeof step === 'number' ? node.items[step] : undefined;
  if (node.kind === 'map') return node.entries.find(({ key }) => key === step)?.value;
  return undefined;
}

/** The same as plain JavaScript values. Objects have no prototype, so a key such as `__proto__` is only a key. */
export function toValue(node: YamlNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(toValue);
  const object: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const { key, value } of node.entries) object[key] = toValue(value);
  return object;
}
