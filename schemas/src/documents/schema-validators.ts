/** One compiled validator for each kind, made when the first document of that kind is met. */
import { createRequire } from 'node:module';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { AnyDocument, DocumentOf, Kind } from './kinds.js';

const SCHEMA_FILES: Readonly<Record<Kind, string>> = {
  Policy: 'policy',
  Connection: 'connection',
  Classification: 'classification',
  Catalog: 'catalog',
  PolicyTest: 'policy-test',
  Trust: 'trust',
  Grant: 'grant',
  Enforcer: 'enforcer',
};

export const KINDS = Object.keys(SCHEMA_FILES) as readonly Kind[];

export const isKind = (name: unknown): name is Kind =>
  typeof name === 'string' && Object.hasOwn(SCHEMA_FILES, name);

const require = createRequire(import.meta.url);
let ajv: Ajv2020 | undefined;
const validators = new Map<string, ValidateFunction<AnyDocument>>();

/** Every violation of the kind's schema, or none and the value is what it says. */
export function validateKind<K extends Kind>(
  kind: K,
  value: unknown,
):
  | { readonly ok: true; readonly value: DocumentOf<K> }
  | { readonly ok: false; readonly errors: readonly ErrorObject[] } {
  const validate = validatorOf(kind);
  // Each schema pins `kind`.
  if (validate(value)) return { ok: true, value: value as DocumentOf<K> };
  return { ok: false, errors: validate.errors ?? [] };
}

function validatorOf(kind: Kind): ValidateFunction<AnyDocument> {
  const known = validators.get(kind);
  if (known) return known;
  ajv ??= makeAjv();
  const compiled = ajv.compile<AnyDocument>(schemaOf(kind));
  validators.set(kind, compiled);
  return compiled;
}

const schemaOf = (kind: Kind): object => require(`../../json/${SCHEMA_FILES[kind]}.schema.json`) as object;

/** Every word that the schema of a kind lists as a value. */
export function wordsOf(kind: Kind): ReadonlySet<string> {
  const words = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, child] of Object.entries(value)) {
      if (key === 'enum' && Array.isArray(child)) {
        for (const word of child) if (typeof word === 'string') words.add(word);
      } else visit(child);
    }
  };
  visit(schemaOf(kind));
  return words;
}

function makeAjv(): Ajv2020 {
  // Optimized validators take longer to make than they save on one repository.
  // Unions of types and `pattern` beside other types are deliberate: see the selectors.
  const made = new Ajv2020({
    allErrors: true,
    verbose: true,
    strict: true,
    strictTypes: false,
    strictRequired: false,
    code: { optimize: false },
  });
  // What a pattern or a bound means, in words.
  made.addKeyword({ keyword: 'x-expected', schemaType: 'string' });
  return made;
}
