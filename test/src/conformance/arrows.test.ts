/** Imports run one way: schemas <- facts, engine <- enforcer, policy-compiler <- github-action. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  importsOf,
  importsOfPackage,
  PACKAGES,
  packageOf,
  readJson,
  readText,
  resolveRelative,
  sourceFiles,
} from './source-tree.js';

/** What each package may import of the others; tests may import all of them. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  '@sluice/schemas': [],
  '@sluice/facts': ['@sluice/schemas'],
  '@sluice/engine': ['@sluice/schemas'],
  '@sluice/enforcer': ['@sluice/schemas', '@sluice/facts', '@sluice/engine'],
  '@sluice/policy-compiler': ['@sluice/schemas', '@sluice/facts', '@sluice/engine'],
  '@sluice/github-action': ['@sluice/schemas', '@sluice/policy-compiler'],
  '@sluice/test': [
    '@sluice/schemas',
    '@sluice/facts',
    '@sluice/engine',
    '@sluice/enforcer',
    '@sluice/policy-compiler',
  ],
};

const isOurs = (specifier: string): boolean => specifier.startsWith('@sluice/');

test('imports are found in every form that TypeScript knows', () => {
  const text = [
    `import a from 'one';`,
    `import type { B } from "two";`,
    `import {\n  c,\n  type D,\n} from './three.js';`,
    `import 'four';`,
    `export * from 'five';`,
    `export type { E } from 'six';`,
    `const f = await import('seven');`,
    `type G = import('eight').G;`,
    `/** import x from 'no'; */`,
    `const text = "import y from 'no'";`,
    `export const h = 'no';`,
  ].join('\n');
  assert.deepEqual(importsOf(text).sort(), [
    './three.js',
    'eight',
    'five',
    'four',
    'one',
    'seven',
    'six',
    'two',
  ]);
});

test('every package has its arrows written down', () => {
  assert.deepEqual([...PACKAGES.keys()].sort(), Object.keys(ARROWS).sort());
});

for (const [name, folder] of PACKAGES) {
  test(`${name} imports only what its arrows permit`, () => {
    const allowed = ARROWS[name] ?? [];
    const strays = importsOfPackage(folder).filter(
      ({ specifier }) => isOurs(specifier) && !allowed.includes(packageOf(specifier)),
    );
    assert.deepEqual(strays, []);
  });

  test(`${name} depends only on what its arrows permit`, () => {
    const { dependencies = {}, devDependencies = {} } = readJson<{
      dependencies?: Record<string, string>;
      devDependencies?: Record<string, string>;
    }>(`${folder}/package.json`);
    const ours = Object.keys({ ...dependencies, ...devDependencies }).filter(isOurs);
    assert.deepEqual(
      ours.filter((dependency) => !ARROWS[name]?.includes(dependency)),
      [],
    );
  });

  test(`no relative import leaves ${name}`, () => {
    const strays = importsOfPackage(folder).filter(
      (found) => found.specifier.startsWith('.') && !resolveRelative(found).startsWith(`${folder}/src/`),
    );
    assert.deepEqual(strays, []);
  });
}

test('the enforcer never reaches the compiler, not even through other packages', () => {
  const reached = new Set<string>();
  const visit = (name: string): void => {
    for (const next of ARROWS[name] ?? []) {
      if (reached.has(next)) continue;
      reached.add(next);
      visit(next);
    }
  };
  visit('@sluice/enforcer');
  assert.ok(!reached.has('@sluice/policy-compiler'));
});

test('the compiler speaks of the enforcer in one place, where it looks whether that is installed', () => {
  const speaking = sourceFiles('policy-compiler').filter(
    (file) => !file.endsWith('.test.ts') && /['"`]@sluice\/enforcer(?:\/\w+)?['"`]/.test(readText(file)),
  );
  assert.deepEqual(speaking, ['policy-compiler/src/cli/operator-commands.ts']);
});
