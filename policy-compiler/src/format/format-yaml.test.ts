import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { formatYaml } from './format-yaml.js';

const format = (text: string): string => {
  const formatted = formatYaml('f.yaml', new TextEncoder().encode(text));
  assert.ok(formatted.ok, formatted.ok ? '' : JSON.stringify(formatted.diagnostics));
  return formatted.text;
};

test('lays out space and keeps comments, quotes and blank lines', () => {
  const messy = `# head\na:   1\nb:\n- x   # why\n-   { c: [ 'q',2 ],   d: "s" }\n\n# foot of b\ne: |\n  two\n  lines\n`;
  const tidy = `# head\na: 1\nb:\n  - x # why\n  - { c: ['q', 2], d: "s" }\n\n# foot of b\ne: |\n  two\n  lines\n`;
  assert.equal(format(messy), tidy);
  assert.equal(format(tidy), tidy, 'a second time changes nothing');
});

test('keeps several documents apart', () => {
  assert.equal(format('a: 1\n---\nb:   2\n'), 'a: 1\n---\nb: 2\n');
});

test('leaves brackets inside texts alone', () => {
  const text = 'a: "[ x ]"\nb: [\'[ y ]\', "{ z }"]\n';
  assert.equal(format(text), text);
});

test('refuses a file that is not strict YAML', () => {
  const formatted = formatYaml('f.yaml', new TextEncoder().encode('a: &x 1\n'));
  assert.equal(formatted.ok, false);
});

test('the policies that ship are in the canonical layout', () => {
  for (const folder of ['../../../policies/', '../../starter/']) {
    const root = new URL(folder, import.meta.url);
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
    const yaml = files.filter((name) => name.endsWith('.yaml') && !name.startsWith('_bad'));
    assert.ok(yaml.length > 3);
    for (const name of yaml) {
      const text = readFileSync(new URL(name, root), 'utf8');
      assert.equal(format(text), text, name);
    }
  }
});
