/** Manifests agree with each other, and the lock names no place to fetch from. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PACKAGES, readJson } from './source-tree.js';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly type: string;
  readonly engines: { readonly node: string };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const root = readJson<Manifest>('package.json');
const manifests = [...PACKAGES.values()].map((folder) => readJson<Manifest>(`${folder}/package.json`));

test('all packages have one version, license, module system and range of Node', () => {
  for (const { version, license, type, engines } of manifests) {
    assert.deepEqual(
      { version, license, type, node: engines.node },
      { version: root.version, license: 'Apache-2.0', type: 'module', node: root.engines.node },
    );
  }
});

test('packages depend on each other in exactly this version', () => {
  for (const { name, dependencies, devDependencies } of manifests) {
    for (const [dependency, range] of Object.entries({ ...dependencies, ...devDependencies })) {
      if (PACKAGES.has(dependency)) assert.equal(range, root.version, `${name} -> ${dependency}`);
    }
  }
});

test('one dependency has one range in all packages', () => {
  const ranges = new Map<string, string>();
  for (const { name, dependencies, devDependencies } of [root, ...manifests]) {
    for (const [dependency, range] of Object.entries({ ...dependencies, ...devDependencies })) {
      assert.equal(ranges.get(dependency) ?? range, range, `${dependency} of ${name}`);
      ranges.set(dependency, range);
    }
  }
  assert.ok(ranges.size > 10);
});

test('the lock names no host to fetch a package from', () => {
  const { packages } = readJson<{ packages: Record<string, { resolved?: string; link?: boolean }> }>(
    'package-lock.json',
  );
  const hosts = Object.entries(packages).filter(([, { resolved, link }]) => resolved !== undefined && !link);
  assert.deepEqual(hosts, []);
});
