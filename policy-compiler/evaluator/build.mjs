// Builds evaluator.wasm from assembly/ and pins the digest of its code in the engine. Run after changing the
// evaluator: `npm run generate -w policy-compiler` (compile the TypeScript first).
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { rebuildEvaluator } from '../dist/link/rebuild.js';

const evaluator = await rebuildEvaluator();
const digest = createHash('sha256').update(evaluator).digest('hex');
writeFileSync(new URL('evaluator.wasm', import.meta.url), evaluator);
writeFileSync(
  new URL('../../enforcer/engine/src/module/code-digest.ts', import.meta.url),
  `/** SHA-256 of the evaluator's module without data, hex. Written by policy-compiler/evaluator/build.mjs. */
export const CODE_DIGEST = '${digest}';
`,
);
console.log(`evaluator.wasm: ${evaluator.length} bytes, code digest ${digest}`);
