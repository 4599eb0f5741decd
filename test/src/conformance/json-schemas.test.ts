/** The JSON Schemas of the YAML kinds are sound, and what ships follows them. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv2020, type AnySchemaObject } from 'ajv/dist/2020.js';
import { readJson, ROOT } from './source-tree.js';

const names = readdirSync(join(ROOT, 'schemas/json')).filter((name) => name.endsWith('.json'));

test('there is a schema for each kind that this version knows', () => {
  assert.ok(names.length >= 5, names.join(', '));
});

for (const name of names) {
  test(`schemas/json/${name} compiles and refuses unknown keys`, () => {
    const ajv = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true });
    // Annotations of ours: what to tell an author instead of the words of JSON Schema.
    ajv.addVocabulary(['x-expected']);
    for (const other of names.filter((candidate) => candidate !== name)) {
      ajv.addSchema(readJson<AnySchemaObject>(`schemas/json/${other}`));
    }
    const validate = ajv.compile(readJson<AnySchemaObject>(`schemas/json/${name}`));
    assert.equal(validate({ apiVersion: 'sluice/v1', kind: 'Policy', surprise: true }), false);
  });
}
