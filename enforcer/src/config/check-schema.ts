/** The configuration against its JSON Schema, which editors use too; findings in our words, with places. */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { didYouMean } from './nearest-name.js';
import type { Issue, YamlSource } from './read-yaml.js';

let compiled: ValidateFunction | undefined;

function validator(): ValidateFunction {
  if (compiled === undefined) {
    const file = createRequire(import.meta.url).resolve('@sluice/schemas/json/enforcer.schema.json');
    const schema = JSON.parse(fs.readFileSync(file, 'utf8')) as object;
    const ajv = new Ajv2020({ allErrors: true, verbose: true, strict: true });
    // What a pattern means, in words.
    ajv.addKeyword({ keyword: 'x-expected', schemaType: 'string' });
    compiled = ajv.compile(schema);
  }
  return compiled;
}

export function checkSchema(source: YamlSource): Issue[] {
  const validate = validator();
  if (validate(source.value)) return [];
  return (validate.errors ?? []).map((error) => issueOf(error, source));
}

function issueOf(error: ErrorObject, source: YamlSource): Issue {
  const path = pathOf(error.instancePath, source.value);
  if (error.keyword === 'additionalProperties') {
    const key = String(error.params['additionalProperty']);
    const known = Object.keys((error.parentSchema?.['properties'] ?? {}) as object);
    const message = `unknown key \`${key}\`${didYouMean(key, known) || `, expected one of ${known.map((name) => `\`${name}\``).join(', ')}`}`;
    return { ...source.placeOf([...path, key], 'key'), message };
  }
  const name = path.length === 0 ? 'the file' : `\`${path.join('.')}\``;
  return { ...source.placeOf(path), message: `${name} ${complaint(error)}` };
}

function complaint({ keyword, params, message, parentSchema, data }: ErrorObject): string {
  const hint = typeof parentSchema?.['x-expected'] === 'string' ? parentSchema['x-expected'] : undefined;
  switch (keyword) {
    case 'required':
      return `has no \`${String(params['missingProperty'])}\``;
    case 'type':
      return `is ${kindOf(data)}, expected ${hint ?? String(params['type'])}`;
    case 'const':
      return `is \`${String(data)}\`, expected \`${String(params['allowedValue'])}\``;
    case 'enum':
      return `is \`${String(data)}\`, expected ${(params['allowedValues'] as string[]).map((value) => `\`${value}\``).join(' or ')}`;
    case 'pattern':
      return `is \`${String(data)}\`, expected ${hint ?? `text like \`${String(params['pattern'])}\``}`;
    case 'minProperties':
    case 'maxProperties':
      return `must have exactly one of \`env\`, \`file\` and \`command\``;
    case 'minItems':
    case 'minLength':
      return 'is empty';
    default:
      return message ?? 'is not accepted';
  }
}

const kindOf = (value: unknown): string =>
  value === null
    ? 'empty'
    : Array.isArray(value)
      ? 'a list'
      : typeof value === 'object'
        ? 'a mapping'
        : `a ${typeof value}`;

/** A JSON pointer as keys and indexes, told apart by what is there. */
function pathOf(pointer: string, root: unknown): (string | number)[] {
  let here = root;
  return pointer
    .split('/')
    .slice(1)
    .map((part) => {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
      const step = Array.isArray(here) ? Number(key) : key;
      here = (here as Record<string | number, unknown> | undefined)?.[step];
      return step;
    });
}
