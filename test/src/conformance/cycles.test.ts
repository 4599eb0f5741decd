/** No file imports itself through others, not even for types alone: such files are one idea cut in two. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importsOfPackage, PACKAGES, resolveRelative, sourceFiles } from './source-tree.js';

type Graph = ReadonlyMap<string, readonly string[]>;

/** The files of one cycle in order, or undefined when there is none. */
function findCycle(graph: Graph): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] | undefined => {
    const start = path.indexOf(file);
    if (start >= 0) return [...path.slice(start), file];
    if (done.has(file)) return undefined;
    path.push(file);
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next);
      if (cycle) return cycle;
    }
    path.pop();
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const cycle = visit(file);
    if (cycle) return cycle;
  }
  return undefined;
}

function graphOf(folder: string): Graph {
  const graph = new Map<string, string[]>(sourceFiles(folder).map((file) => [file, []]));
  for (const found of importsOfPackage(folder)) {
    if (found.specifier.startsWith('.')) graph.get(found.file)?.push(resolveRelative(found));
  }
  return graph;
}

test('a cycle is found and named', () => {
  const graph = new Map([
    ['a', ['b']],
    ['b', ['c', 'd']],
    ['c', []],
    ['d', ['b']],
  ]);
  assert.deepEqual(findCycle(graph), ['b', 'd', 'b']);
});

for (const [name, folder] of PACKAGES) {
  test(`no import cycle in ${name}`, () => {
    assert.equal(findCycle(graphOf(folder))?.join(' -> '), undefined);
  });
}
