/** The quick start of the README, entered line by line in an empty folder. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv2020, type AnySchemaObject } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { makeCertificate } from '../support/certificate.js';
import { readJson, readText, ROOT } from './source-tree.js';

const MAIN = join(ROOT, 'policy-compiler/bin/sluice.js');
const [, quickStart = ''] = readText('README.md').split('## Quick start');

const blocksOf = (language: string, text: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map(([, block]) => block ?? '');

const yamlOfKind = (kind: string): string =>
  blocksOf('yaml', quickStart).find((block) => block.includes(`kind: ${kind}\n`)) ?? '';

/** Words of a command line as a shell takes them apart. */
const wordsOf = (line: string): string[] =>
  [...line.replace(/\s#.*$/, '').matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? '',
  );

test('every line for authors works, and the configuration for operators is accepted', (t) => {
  const empty = mkdtempSync(join(tmpdir(), 'sluice-quick-start-'));
  t.after(() => rmSync(empty, { recursive: true, force: true }));
  let folder = empty;
  const sluice = (...words: string[]): void => {
    const child = spawnSync(process.execPath, [MAIN, ...words], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 60_000,
    });
    assert.equal(child.status, 0, `sluice ${words.join(' ')}\n${child.stdout}${child.stderr}`);
  };
  const [authors = ''] = blocksOf('sh', quickStart);
  const lines = authors.trim().split('\n').map(wordsOf);
  assert.ok(lines.length >= 5);
  for (const [command, ...words] of lines) {
    if (command === 'cd') folder = join(folder, words[0] ?? '');
    else {
      assert.deepEqual([command, words[0]], ['npx', 'sluice']);
      sluice(...words.slice(1));
    }
  }
  sluice('verify', 'dist/bundle.tar.gz', '--trust', 'trust.yaml');
  const { cert, key } = makeCertificate();
  writeFileSync(join(folder, 'tls.crt'), cert);
  writeFileSync(join(folder, 'tls.key'), key);
  writeFileSync(join(folder, 'sluice.yaml'), yamlOfKind('Enforcer'));
  sluice('enforce', '--config', 'sluice.yaml', '--check');
  const starter = readFileSync(join(folder, 'agents.yaml'), 'utf8');
  assert.ok(starter.includes('change-invoices'), 'the README shows a rule of the starter');
});

for (const [kind, schema] of [
  ['Policy', 'policy'],
  ['Enforcer', 'enforcer'],
] as const) {
  test(`the ${kind} in the README follows its schema`, () => {
    const ajv = new Ajv2020({ allowUnionTypes: true });
    ajv.addVocabulary(['x-expected']);
    const validate = ajv.compile(readJson<AnySchemaObject>(`schemas/json/${schema}.schema.json`));
    assert.ok(validate(parse(yamlOfKind(kind))), JSON.stringify(validate.errors));
  });
}
