/** Test cases that cannot mean what they say: of nobody, nowhere, about rules, columns or facts that are not. */
import { AUTHORING_ERRORS, FACTS_BY_NAME, type FactType } from '@sluice/schemas';
import { diagnose, didYouMean, type Diagnostic } from '@sluice/schemas/diagnostics';
import type { CaseDocument, PolicyTestDocument, Read } from '@sluice/schemas/documents';
import { keyOriginAt, originAt, type Path } from '@sluice/schemas/yaml';
import { canonicalOf } from '../model/canonical-name.js';
import type { Connection, Model } from '../model/model.js';
import { canSetFact } from '../testing/cases.js';
import { namesAt } from './catalog-names.js';

export function* faultyTestCases(model: Model): Iterable<Diagnostic> {
  const rules = new Set(model.policies.flatMap((policy) => policy.rules.map(({ id }) => id)));
  const connections = new Map(
    model.connections.map((connection) => [connection.name, [connection]] as const),
  );
  for (const test of model.tests) {
    const { spec } = test.value;
    if (spec.on !== undefined) yield* unknownConnection(test, ['spec', 'on'], spec.on, connections);
    for (const [index, entry] of spec.cases.entries()) {
      const path = ['spec', 'cases', index];
      const on = entry.on ?? spec.on;
      if (entry.on !== undefined) yield* unknownConnection(test, [...path, 'on'], entry.on, connections);
      if (on === undefined || (entry.as ?? spec.as) === undefined) {
        const lacks = on === undefined ? 'where it runs (`on`)' : 'who asks (`as`)';
        const origin = keyOriginAt(test.yaml, [...path, 'sql']);
        yield diagnose(AUTHORING_ERRORS.incomplete_test, origin, `the case does not say ${lacks}`);
      }
      yield* unknownRules(test, entry, path, rules);
      yield* unknownMaskColumns(test, entry, path, connections.get(on ?? ''));
      yield* unknownFacts(test, entry, path);
    }
  }
}

type Test = Read<PolicyTestDocument>;

function* unknownConnection(
  test: Test,
  path: Path,
  name: string,
  known: ReadonlyMap<string, unknown>,
): Iterable<Diagnostic> {
  if (known.has(name)) return;
  const message = `unknown connection \`${name}\`${didYouMean(name, known.keys())}`;
  yield diagnose(AUTHORING_ERRORS.unknown_connection, originAt(test.yaml, path), message);
}

function* unknownRules(
  test: Test,
  { expect }: CaseDocument,
  path: Path,
  known: ReadonlySet<string>,
): Iterable<Diagnostic> {
  if (typeof expect === 'string') return;
  const named: [string, Path][] = (expect.rules ?? []).map((id, index) => [
    id,
    [...path, 'expect', 'rules', index],
  ]);
  if (expect.rule !== undefined) named.push([expect.rule, [...path, 'expect', 'rule']]);
  for (const [id, at] of named) {
    if (known.has(id)) continue;
    const message = `unknown rule \`${id}\`${didYouMean(id, known)}`;
    yield diagnose(AUTHORING_ERRORS.unknown_rule, originAt(test.yaml, at), message);
  }
}

function* unknownMaskColumns(
  test: Test,
  { expect }: CaseDocument,
  path: Path,
  connection: readonly Connection[] | undefined,
): Iterable<Diagnostic> {
  const names = connection && namesAt(connection);
  if (typeof expect === 'string' || !names) return;
  for (const column of Object.keys(expect.masks ?? {})) {
    if (names.hasColumn(canonicalOf(column)?.text ?? column)) continue;
    const message = `unknown column \`${column}\`${didYouMean(column, names.columns)}`;
    const origin = keyOriginAt(test.yaml, [...path, 'expect', 'masks', column]);
    yield diagnose(AUTHORING_ERRORS.unknown_column, origin, message);
  }
}

function* unknownFacts(test: Test, { facts }: CaseDocument, path: Path): Iterable<Diagnostic> {
  const settable = [...FACTS_BY_NAME.keys()].filter(canSetFact);
  for (const [name, value] of Object.entries(facts ?? {})) {
    const fact = FACTS_BY_NAME.get(name);
    const at = [...path, 'facts', name];
    const help = `Facts that can be set: ${settable.join(', ')}.`;
    if (!fact || !canSetFact(name)) {
      const message = fact
        ? `\`${name}\` follows from the request and cannot be set`
        : `unknown fact \`${name}\`${didYouMean(name, settable)}`;
      yield diagnose(AUTHORING_ERRORS.unknown_fact, keyOriginAt(test.yaml, at), message, help);
    } else if (!isOfType(value, fact.type)) {
      const message = `\`${name}\` is of the type ${fact.type}`;
      yield diagnose(AUTHORING_ERRORS.unknown_fact, originAt(test.yaml, at), message);
    }
  }
}

function isOfType(value: boolean | number | string | readonly string[], type: FactType): boolean {
  if (type === 'int') return typeof value === 'number' && Number.isSafeInteger(value);
  if (type === 'list(string)') return Array.isArray(value);
  return type === 'bool' ? typeof value === 'boolean' : typeof value === 'string';
}
