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

/** Files that a package's entry loads when it runs, by relative imports that are not for types alone. */
function loadedFrom(entry: string): string[] {
  const loaded = new Set<string>();
  const visit = (file: string): void => {
    if (loaded.has(file)) return;
    loaded.add(file);
    const text = readText(file).replaceAll(/^(?:import|export) type [^;]*;/gm, '');
    for (const specifier of importsOf(text)) {
      if (specifier.startsWith('.')) visit(resolveRelative({ file, specifier }));
    }
  };
  visit(entry);
  return [...loaded];
}

test('the words of schemas are had without its readers', () => {
  const loaded = loadedFrom('schemas/src/index.ts');
  assert.ok(loaded.includes('schemas/src/errors/authoring.ts'));
  const outside = loaded.flatMap((file) => importsOf(readText(file)).filter((name) => !name.startsWith('.')));
  assert.deepEqual(
    outside.filter((name) => !name.startsWith('@bufbuild/protobuf')),
    [],
  );
});

/** Who may speak to the libraries behind YAML: its reader, its layout, and the checks of the kinds. */
const READERS: Readonly<Record<string, readonly string[]>> = {
  yaml: ['schemas/src/yaml/', 'policy-compiler/src/format/format-yaml.ts'],
  ajv: ['schemas/src/documents/'],
};

for (const [library, allowed] of Object.entries(READERS)) {
  test(`${library} is spoken to in one place, so that YAML has one meaning`, () => {
    const speaking = [...PACKAGES]
      .filter(([name]) => name !== '@sluice/test')
      .flatMap(([, folder]) => importsOfPackage(folder))
      .filter(({ specifier }) => packageOf(specifier) === library)
      .map(({ file }) => file);
    assert.ok(speaking.length > 0);
    assert.deepEqual(
      speaking.filter((file) => !allowed.some((place) => file.startsWith(place))),
      [],
    );
  });
}
