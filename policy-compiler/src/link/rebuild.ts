/**
 * Builds the evaluator from its sources, in memory. The output is the same bytes every time, so that anyone can
 * prove what the committed `evaluator.wasm` is.
 */
import { readFileSync } from 'node:fs';
import { abi } from '@sluice/schemas';

const ROOT = new URL('../../../', import.meta.url);
const ENTRY = 'policy-compiler/evaluator/assembly/index.ts';
const OPTIONS = [
  ['--runtime', 'stub'],
  ['--optimizeLevel', '3'],
  ['--shrinkLevel', '0'],
  ['--noAssert'],
  ['--initialMemory', String(abi.MEMORY_PAGES)],
  ['--maximumMemory', String(abi.MEMORY_PAGES)],
  ['--use', 'abort='],
].flat();

/** Changes one source text before it is compiled; `path` is relative to the repository. */
export type SourcePatch = (path: string, text: string) => string;

export async function rebuildEvaluator(patch: SourcePatch = (_, text) => text): Promise<Uint8Array> {
  const { default: asc } = await import('assemblyscript/asc');
  let binary: Uint8Array | undefined;
  const { error } = await asc.main([ENTRY, '--baseDir', '.', '--outFile', 'evaluator.wasm', ...OPTIONS], {
    readFile: (path) => readSource(path, patch),
    writeFile: (_, contents) => {
      if (typeof contents !== 'string') binary = contents;
    },
    listFiles: () => [],
  });
  if (error !== null) throw new Error(`the evaluator does not compile: ${error.message}`, { cause: error });
  if (binary === undefined) throw new Error('the compiler of the evaluator wrote nothing');
  return binary;
}

/** Only the evaluator and the numbers it shares: a missing file is how the compiler asks for its own library. */
function readSource(path: string, patch: SourcePatch): string | null {
  if (!/^(policy-compiler\/evaluator\/assembly\/[a-z-]+|schemas\/src\/abi)\.ts$/.test(path)) return null;
  return patch(path, readFileSync(new URL(path, ROOT), 'utf8'));
}
