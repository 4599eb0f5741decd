/** What a JSON Schema validator says, as a person would: which key, where, and what was probably meant. */
import { AUTHORING_ERRORS } from '../errors/index.js';
import type { ErrorObject } from 'ajv';
import { diagnose, type Diagnostic } from '../diagnostics/diagnostic.js';
import { didYouMean, nearestName } from '../diagnostics/nearest-name.js';
import { keyOriginAt, nodeAt, originAt, type Path, type YamlDocument } from '../yaml/tree.js';

const ISSUE_LIMIT = 200;

export function schemaFindings(document: YamlDocument, errors: readonly ErrorObject[]): Diagnostic[] {
  const findings: Diagnostic[] = [];
  const seen = new Set<string>();
  const meant = new Set(errors.flatMap(misspelt));
  for (const error of errors) {
    // A required key that is there under a misspelt name is one mistake, not two.
    if (error.keyword === 'required' && meant.has(keyAt(error, String(error.params['missingProperty']))))
      continue;
    const finding = findingOf(document, error);
    if (!finding) continue;
    const key = `${finding.line}:${finding.column} ${finding.message}`;
    if (seen.has(key)) continue;
    seen.add(key);
    findings.push(finding);
    if (findings.length >= ISSUE_LIMIT) break;
  }
  return findings;
}

const keyAt = (error: ErrorObject, key: string): string => `${error.instancePath}/${key}`;

/** For an unknown key: the known one that was meant. */
function misspelt(error: ErrorObject): string[] {
  if (error.keyword !== 'additionalProperties') return [];
  const nearest = nearestName(String(error.params['additionalProperty']), knownKeys(error));
  return nearest === undefined ? [] : [keyAt(error, nearest)];
}

const knownKeys = (error: ErrorObject): readonly string[] =>
  Object.keys((error.parentSchema?.['properties'] as object | undefined) ?? {});

/** Undefined for errors that only gather others. */
function findingOf(document: YamlDocument, error: ErrorObject): Diagnostic | undefined {
  const path = pathOf(document, error.instancePath);
  const at = originAt(document, path);
  const params = error.params as Readonly<Record<string, unknown>>;
  switch (error.keyword) {
    case 'if':
      return undefined;
    case 'additionalProperties': {
      const key = String(params['additionalProperty']);
      const origin = keyOriginAt(document, [...path, key]);
      const known = knownKeys(error);
      const message = `unknown key \`${key}\`${didYouMean(key, known)}`;
      const help = known.length > 0 ? `Known keys here: ${list(known)}.` : undefined;
      return diagnose(AUTHORING_ERRORS.unknown_key, origin, message, help);
    }
    case 'required':
      return missing(document, path, String(params['missingProperty']));
    case 'false schema': {
      const key = String(path.at(-1));
      const effect = nodeAt(document, [...path.slice(0, -1), 'effect']);
      const named = effect?.kind === 'scalar' ? String(effect.value) : '';
      const message = `\`${key}\` has no meaning in a rule with effect \`${named}\``;
      return diagnose(AUTHORING_ERRORS.field_not_for_effect, keyOriginAt(document, path), message);
    }
    case 'minItems':
    case 'minProperties':
      return wordsOf(error) === undefined ? empty(document, path) : malformed(document, path, error);
    case 'type': {
      const types = [params['type']].flat().map((type) => TYPE_NAMES[String(type)] ?? String(type));
      const expected = wordsOf(error) ?? types.join(' or ');
      const message = `expected ${expected}, found ${describe(document, path)}`;
      return diagnose(AUTHORING_ERRORS.wrong_type, at, message);
    }
    case 'enum':
    case 'const':
      return unknownValue(document, path, error);
    default:
      return malformed(document, path, error);
  }
}

function missing(document: YamlDocument, path: Path, key: string): Diagnostic {
  const at =
    path.length > 0 && typeof path.at(-1) === 'string'
      ? keyOriginAt(document, path)
      : firstLine(document, path);
  if (key === 'approval') {
    return diagnose(
      AUTHORING_ERRORS.approval_missing,
      at,
      'the rule requires approval but has no `approval`',
    );
  }
  if (key === 'approvers') {
    return diagnose(AUTHORING_ERRORS.approval_without_approvers, at, '`approval` names no `approvers`');
  }
  return diagnose(AUTHORING_ERRORS.missing_key, at, `missing key \`${key}\``);
}

function empty(document: YamlDocument, path: Path): Diagnostic {
  const key = String(path.at(-1));
  const at = keyOriginAt(document, path);
  if (key === 'approvers') {
    return diagnose(AUTHORING_ERRORS.approval_without_approvers, at, '`approvers` is empty');
  }
  return diagnose(AUTHORING_ERRORS.empty_selector, at, `\`${key}\` is empty`);
}

function unknownValue(document: YamlDocument, path: Path, error: ErrorObject): Diagnostic {
  const params = error.params as {
    readonly allowedValues?: readonly unknown[];
    readonly allowedValue?: unknown;
  };
  const allowed = (params.allowedValues ?? [params.allowedValue])
    .filter((value) => value !== null)
    .map(String);
  const node = nodeAt(document, path);
  const written = node?.kind === 'scalar' ? String(node.value) : '';
  const shown = node?.kind === 'scalar' ? `\`${written}\`` : describe(document, path);
  const message = `unknown value ${shown} for \`${String(path.at(-1))}\`${didYouMean(written, allowed)}`;
  return diagnose(
    AUTHORING_ERRORS.unknown_value,
    originAt(document, path),
    message,
    `Expected ${list(allowed, 'or')}.`,
  );
}

function malformed(document: YamlDocument, path: Path, error: ErrorObject): Diagnostic {
  const schema = (error.parentSchema ?? {}) as {
    readonly description?: string;
    readonly examples?: readonly unknown[];
  };
  const key = [...path].reverse().find((step) => typeof step === 'string') ?? 'document';
  const subject = nodeAt(document, path);
  const written = subject?.kind === 'scalar' ? `\`${String(subject.value)}\`` : describe(document, path);
  const isWildcard =
    error.keyword === 'pattern' && (error.params as { pattern?: string }).pattern === '^\\*$';
  const words = wordsOf(error);
  const reason = isWildcard
    ? 'expected a list or "*"'
    : words === undefined
      ? reasonOf(error)
      : `expected ${words}`;
  const example = schema.examples?.find(
    (candidate) => typeof candidate === 'string' || typeof candidate === 'number',
  );
  const help = [
    schema.description,
    example !== undefined && !isWildcard ? `For example \`${String(example)}\`.` : '',
  ]
    .filter(Boolean)
    .join(' ');
  const message = `${written} cannot be a value of \`${key}\`: ${reason}`;
  return diagnose(AUTHORING_ERRORS.malformed_value, originAt(document, path), message, help || undefined);
}

/** What the schema itself says is expected, in words. */
function wordsOf(error: ErrorObject): string | undefined {
  const words: unknown = error.parentSchema?.['x-expected'];
  return typeof words === 'string' ? words : undefined;
}

function reasonOf(error: ErrorObject): string {
  const { limit } = error.params as { readonly limit?: number };
  switch (error.keyword) {
    case 'minLength':
      return 'it is empty';
    case 'maxLength':
      return `it is longer than ${limit} characters`;
    case 'maxItems':
      return `it has more than ${limit} entries`;
    case 'minimum':
      return `it is below ${limit}`;
    case 'maximum':
      return `it is above ${limit}`;
    default:
      return 'it is not in the expected form';
  }
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  null: 'null',
};

function describe(document: YamlDocument, path: Path): string {
  const node = nodeAt(document, path);
  if (node?.kind === 'map') return 'a mapping';
  if (node?.kind === 'list') return 'a list';
  if (node === undefined || node.value === null) return 'nothing';
  if (typeof node.value === 'string') return `the text \`${node.value}\``;
  return `the ${typeof node.value} \`${String(node.value)}\``;
}

/** A whole mapping is a poor thing to point at: its first line says enough. */
function firstLine(document: YamlDocument, path: Path): ReturnType<typeof originAt> {
  const { source, start, end } = originAt(document, path);
  const lineEnd = source.text.indexOf('\n', start);
  return { source, start, end: lineEnd < 0 ? end : Math.min(end, lineEnd) };
}

const list = (names: readonly string[], word = 'and'): string =>
  names
    .map((name) => `\`${name}\``)
    .join(', ')
    .replace(/, (?=[^,]*$)/, ` ${word} `);

/** A JSON pointer as a path; a step into a list is a number. */
function pathOf(document: YamlDocument, pointer: string): Path {
  const path: (string | number)[] = [];
  for (const escaped of pointer.split('/').slice(1)) {
    const step = escaped.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(nodeAt(document, path)?.kind === 'list' ? Number(step) : step);
  }
  return path;
}
