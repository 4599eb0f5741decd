/**
 * One YAML file as plain values with places. Accepted is YAML 1.2 core, one document, without anything that hides
 * meaning: anchors, aliases, merge keys, tags, directives, duplicate keys. Warnings count as errors.
 */
import fs from 'node:fs';
import { OPERATION_ERRORS, SluiceError } from '@sluice/schemas';
import { isAlias, isMap, isScalar, LineCounter, parseDocument, visit, type Document, type Node } from 'yaml';

const FILE_LIMIT_BYTES = 1024 * 1024;
const DEPTH_LIMIT = 32;

export interface Issue {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface YamlSource {
  readonly file: string;
  readonly value: unknown;
  /** Place of the value at `path`, or of its key when `of` says so; of the nearest thing around it when it is missing. */
  placeOf(
    path: readonly (string | number)[],
    of?: 'value' | 'key',
  ): { readonly line: number; readonly column: number };
}

/** Every issue of a file in one error, one line each: `file:line:col message`. */
export function configError(file: string, issues: readonly Issue[]): SluiceError {
  const lines = issues
    .toSorted((a, b) => a.line - b.line || a.column - b.column)
    .map(({ line, column, message }) => `${file}:${line}:${column} ${message}`);
  return new SluiceError(OPERATION_ERRORS.config_invalid, lines.join('\n'));
}

export function readYamlFile(file: string): YamlSource {
  let bytes: Buffer;
  try {
    bytes = fs.readFileSync(file);
  } catch (cause) {
    // Fail closed: nothing starts without its configuration.
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable';
    throw new SluiceError(OPERATION_ERRORS.config_unreadable, `\`${file}\` cannot be read (${why})`, {
      cause,
    });
  }
  return parseYaml(file, bytes);
}

export function parseYaml(file: string, bytes: Uint8Array): YamlSource {
  const refuse = (message: string): SluiceError => configError(file, [{ line: 1, column: 1, message }]);
  if (bytes.length > FILE_LIMIT_BYTES) throw refuse(`the file is larger than ${FILE_LIMIT_BYTES} bytes`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    // Fail closed: bytes that are not UTF-8 are not guessed at.
    throw new SluiceError(OPERATION_ERRORS.config_invalid, `${file}:1:1 the file is not valid UTF-8`, {
      cause,
    });
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    strict: true,
    uniqueKeys: true,
    prettyErrors: false,
    lineCounter: lines,
  });
  const place = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const issues = issuesOf(document, text, place);
  if (issues.length > 0) throw configError(file, issues);
  return {
    file,
    // No aliases are left at this point, so nothing can grow here.
    value: document.toJS({ maxAliasCount: 0 }) as unknown,
    placeOf: (path, of = 'value') => place(offsetOf(document, path, of)),
  };
}

function issuesOf(
  document: Document.Parsed,
  text: string,
  place: (offset: number) => { line: number; column: number },
): Issue[] {
  const issues = [...document.errors, ...document.warnings].map(({ message, pos }) => ({
    ...place(pos[0]),
    message: message.charAt(0).toLowerCase() + message.slice(1).replace(/\.$/, ''),
  }));
  const refuse = (node: Node, what: string): void => {
    issues.push({ ...place(node.range?.[0] ?? 0), message: `${what} are not accepted` });
  };
  if (/^%/m.test(text) && document.directives?.yaml.explicit === true) {
    issues.push({ ...place(0), message: 'directives are not accepted' });
  }
  if (issues.length > 0) return issues;
  visit(document, {
    Node(_key, node, path) {
      if (isAlias(node)) refuse(node, 'aliases');
      else if (node.anchor !== undefined) refuse(node, 'anchors');
      if (node.tag !== undefined) refuse(node, 'tags');
      if (isMap(node))
        for (const { key } of node.items)
          if (!isScalar(key) || typeof key.value !== 'string') {
            refuse(node, 'keys that are not text');
          }
      if (path.length > DEPTH_LIMIT * 2) {
        refuse(node, `more than ${DEPTH_LIMIT} levels`);
        return visit.BREAK;
      }
      return undefined;
    },
  });
  return issues;
}

function offsetOf(
  document: Document.Parsed,
  path: readonly (string | number)[],
  of: 'value' | 'key',
): number {
  for (let length = path.length; length > 0; length--) {
    const parent: unknown = document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && key.value === last)
      : undefined;
    const exact = of === 'value' && length === path.length;
    const node = (
      exact ? document.getIn(path, true) : (pair?.key ?? document.getIn(path.slice(0, length), true))
    ) as Node | undefined;
    if (node?.range) return node.range[0];
  }
  return (document.contents as Node | null)?.range?.[0] ?? 0;
}
