import { readFileSync } from 'node:fs';

let evaluator: Uint8Array | undefined;

/** The evaluator as it was built from `evaluator/assembly` and committed; a test rebuilds it and compares. */
export function prebuiltEvaluator(): Uint8Array {
  evaluator ??= readFileSync(new URL('../../evaluator/evaluator.wasm', import.meta.url));
  return evaluator;
}
