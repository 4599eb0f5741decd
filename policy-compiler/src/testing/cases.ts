/** The cases of PolicyTest documents, with what they share filled in. */
import { FACTS_BY_NAME, type Facts, type FactValue, type Mask } from '@sluice/schemas';
import type { CaseDocument, ExpectationDocument, PolicyTestDocument, Read } from '@sluice/schemas/documents';
import type { Path } from '@sluice/schemas/yaml';
import { canonicalOf } from '../model/canonical-name.js';
import type { TestRequest } from './judge.js';

export interface TestCase {
  readonly name: string;
  /** Name of the PolicyTest. */
  readonly suite: string;
  readonly document: Read<PolicyTestDocument>;
  readonly path: Path;
  readonly request: TestRequest;
  readonly expect: Expectation;
}

export interface Expectation extends Omit<ExpectationDocument, 'masks' | 'rule' | 'rules'> {
  readonly rule?: string;
  readonly rules?: readonly string[];
  readonly masks?: ReadonlyMap<string, Mask | 'none'>;
}

export function casesOf(document: Read<PolicyTestDocument>): readonly TestCase[] {
  const { metadata, spec } = document.value;
  return spec.cases.map((entry, index): TestCase => {
    const asker = entry.as ?? spec.as ?? {};
    return {
      name: entry.name ?? entry.sql.replace(/\s+/g, ' ').slice(0, 100),
      suite: metadata.name,
      document,
      path: ['spec', 'cases', index],
      request: {
        subject: asker.subject ?? 'someone',
        groups: asker.groups ?? [],
        issuer: asker.issuer ?? 'https://issuer.example',
        intent: entry.intent ?? '',
        connection: entry.on ?? spec.on ?? '',
        sql: entry.sql,
        facts: factsOf(entry.facts ?? {}),
      },
      expect: expectationOf(entry.expect),
    };
  });
}

function factsOf(facts: NonNullable<CaseDocument['facts']>): Facts {
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, factValue(value)]));
}

const factValue = (value: boolean | number | string | readonly string[]): FactValue =>
  typeof value === 'number' ? BigInt(value) : value;

function expectationOf(expect: CaseDocument['expect']): Expectation {
  if (typeof expect === 'string') return { outcome: expect };
  const { masks, ...rest } = expect;
  if (masks === undefined) return rest;
  // YAML reads an unquoted `null` as no value; the mask is meant.
  return {
    ...rest,
    masks: new Map(
      Object.entries(masks).map(([column, mask]) => [canonicalOf(column)?.text ?? column, mask ?? 'null']),
    ),
  };
}

/** Facts a case may set: those that a request does not already say by itself. */
export function canSetFact(name: string): boolean {
  const fact = FACTS_BY_NAME.get(name);
  return fact !== undefined && (fact.known === 'sometimes' || /^(?:request\.|session\.age)/.test(name));
}
