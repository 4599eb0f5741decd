/** One compiled validator for each kind, made when the first document of that kind is met. */
import { createRequire } from 'node:module';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { AnyDocument } from './kinds.js';

const SCHEMA_FILES: Readonly<Record<AnyDocument['kind'], string>> = {
  Policy: 'policy',
  Connection: 'connection',
  Classification: 'classification',
  Catalog: 'catalog',
  PolicyTest: 'policy-test',
  Trust: 'trust',
  Grant: 'grant',
  Enforcer: 'enforcer',
};

export const KINDS = Object.keys(SCHEMA_FILES) as readonly AnyDocument['kind'][];

export const isKind = (name: unknown): name is AnyDocument['kind'] =>
  typeof name === 'string' && Object.hasOwn(SCHEMA_FILES, name);

const require = createRequire(import.meta.url);
let ajv: Ajv2020 | undefined;
const validators = new Map<string, ValidateFunction<AnyDocument>>();

/** Every violation of the kind's schema, or none and the value is what it says. */
export function validateKind(
  kind: AnyDocument['kind'],
  value: unknown,
):
  | { readonly ok: true; readonly value: AnyDocument }
  | { readonly ok: false; readonly errors: readonly ErrorObject[] } {
  const validate = validatorOf(kind);
  if (validate(value)) return { ok: true, value };
  return { ok: false, errors: validate.errors ?? [] };
}

function validatorOf(kind: AnyDocument['kind']): ValidateFunction<AnyDocument> {
  const known = validators.get(kind);
  if (known) return known;
  // Optimized validators take longer to make than they save on one repository.
  // Unions of types and `pattern` beside other types are deliberate: see the selectors.
  ajv ??= new Ajv2020({
    allErrors: true,
    verbose: true,
    strict: true,
    strictTypes: false,
    strictRequired: false,
    code: { optimize: false },
  });
  const schema: unknown = require(`@sluice/schemas/json/${SCHEMA_FILES[kind]}.schema.json`);
  const compiled = ajv.compile<AnyDocument>(schema as object);
  validators.set(kind, compiled);
  return compiled;
}
