/**
 * The table of suites: which test files belong to which, and what they need. A test file belongs to the first row
 * that its path starts with. They run in this order, two files at a time: what takes long begins first, and the short
 * ones fill the gaps.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

export const SUITES = [
  { name: 'properties', path: 'test/src/properties/', needs: [] },
  { name: 'faults of bundles', path: 'test/src/faults/bundle', needs: [] },
  { name: 'faults', path: 'test/src/faults/', needs: ['postgres'] },
  { name: 'end to end with psql', path: 'test/src/end-to-end/psql', needs: ['postgres', 'psql'] },
  { name: 'end to end', path: 'test/src/end-to-end/', needs: ['postgres'] },
  { name: 'server for tests', path: 'test/src/support/postgres', needs: ['postgres'] },
  { name: 'generated code', path: 'test/src/conformance/generated', needs: ['buf'] },
  { name: 'conformance', path: 'test/src/conformance/', needs: [] },
  { name: 'policy-compiler', path: 'policy-compiler/src/', needs: [] },
  { name: 'enforcer', path: 'enforcer/src/', needs: [] },
  { name: 'engine', path: 'enforcer/engine/src/', needs: [] },
  { name: 'facts', path: 'enforcer/facts/src/', needs: [] },
  { name: 'schemas', path: 'schemas/src/', needs: [] },
  { name: 'github-action', path: 'github-action/src/', needs: [] },
  { name: 'support', path: 'test/src/support/', needs: [] },
  { name: 'bench', path: 'test/src/bench/', needs: [] },
  { name: 'demo', path: 'test/src/demo/', needs: [] },
];

/** Every test file as `{ source, compiled, suite }`, paths relative to `root`. */
export function findTestFiles(root) {
  const folders = [...new Set(SUITES.map(({ path }) => path.slice(0, path.indexOf('src/') + 4)))];
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => describeFile(folder + name.replaceAll('\\', '/'))),
  );
  return files.sort((a, b) => SUITES.indexOf(a.suite) - SUITES.indexOf(b.suite));
}

function describeFile(source) {
  const compiled = source.replace('/src/', '/dist/').replace(/\.ts$/, '.js');
  return { source, compiled, suite: SUITES.find(({ path }) => source.startsWith(path)) };
}
