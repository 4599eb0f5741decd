import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { KINDS } from './schema-validators.js';

const FOLDER = new URL('../../json/', import.meta.url);

interface Schema {
  readonly [keyword: string]: unknown;
  readonly properties?: Readonly<Record<string, Schema | false>>;
}

const schemas = readdirSync(FOLDER).map((name): [string, Schema] => [
  name,
  JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Schema,
]);

test('has a schema for every kind', () => {
  const titles = schemas.map(([, schema]) => String(schema['title'])).sort();
  assert.deepEqual(titles, [...KINDS].sort());
});

for (const [name, schema] of schemas) {
  test(`${name} describes every field with an example and refuses unknown ones`, () => {
    inspect(schema, schema, name);
  });
}

/** `if` and `then` only narrow what was described already. */
const NARROWING = new Set(['if', 'then', 'else', 'allOf', 'anyOf', 'oneOf', 'not', 'examples', 'default']);

function inspect(node: unknown, root: Schema, path: string): void {
  if (typeof node !== 'object' || node === null) return;
  if (Array.isArray(node)) {
    node.forEach((entry, index) => inspect(entry, root, `${path}/${index}`));
    return;
  }
  const { properties } = node as Schema;
  if (properties !== undefined && typeof properties === 'object') {
    assert.equal((node as Schema)['additionalProperties'], false, `${path} must refuse unknown keys`);
    for (const [key, field] of Object.entries(properties)) describe(field, root, `${path}/${key}`);
  }
  for (const [key, child] of Object.entries(node)) {
    if (!NARROWING.has(key)) inspect(child, root, `${path}/${key}`);
  }
}

function describe(field: Schema | false, root: Schema, path: string): void {
  if (field === false) return;
  const target = (typeof field['$ref'] === 'string' ? field['$ref'] : '').replace('#/$defs/', '');
  const referred = (root['$defs'] as Readonly<Record<string, Schema>> | undefined)?.[target] ?? {};
  const described = { ...referred, ...field };
  assert.ok(typeof described['description'] === 'string', `${path} has no description`);
  const items = described['items'] as Schema | undefined;
  const holdsObjects = described.properties ?? items?.properties ?? items?.['$ref'] ?? described['oneOf'];
  if (!holdsObjects) assert.ok(Array.isArray(described['examples']), `${path} has no examples`);
}
