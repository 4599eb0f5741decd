/**
 * The differential check can fail: twelve evaluators, each with one mistake of the kind that is made, are all found
 * out within the pairs that the shipped one passes. A mistake is a change of the sources, compiled like them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rebuildEvaluator } from '@sluice/policy-compiler';
import { findDisagreement } from './differential.js';

const PAIRS = 200_000;
const SEED = 1;

interface Edit {
  /** Under policy-compiler/evaluator/assembly. */
  readonly file: string;
  /** Occurs exactly once. */
  readonly find: string;
  readonly replace: string;
}

const MUTANTS: Readonly<Record<string, readonly Edit[]>> = {
  'takes `<=` for `<`': [{ file: 'values.ts', find: '(0b011 << 9)', replace: '(0b001 << 9)' }],
  'keeps the groups of the principal before': [
    {
      file: 'principal.ts',
      find: 'export function internPrincipal(',
      replace: 'let kept: u64 = 0;\n\nexport function internPrincipal(',
    },
    {
      file: 'principal.ts',
      find: 'store<u64>(principal + 8, 0);',
      replace: 'store<u64>(principal + 8, kept);',
    },
    {
      file: 'principal.ts',
      find: 'return isSpent() ? 0 : principal;',
      replace: 'kept = load<u64>(principal + 8);\n  return isSpent() ? 0 : principal;',
    },
  ],
  'takes a deny for an allow': [
    { file: 'matches.ts', find: 'else denied = true;', replace: 'else permit = max(permit, OUTCOME_ALLOW);' },
  ],
  'lets an allow whose condition failed permit': [
    { file: 'matches.ts', find: '} else if (!failed) {', replace: '} else {' },
  ],
  'lets the weakest mask win': [
    { file: 'matches.ts', find: 'if (mask > present)', replace: 'if (present == 0 || mask < present)' },
  ],
  'forgets that true wins over failed in OR': [
    {
      file: 'condition.ts',
      find: 'if (isTrue(left) || isTrue(right))',
      replace: 'if (isTrue(left) || (isTrue(right) && isFalse(left)))',
    },
  ],
  'does not anchor the end of a glob': [
    {
      file: 'text.ts',
      find: '} else if (star < globBytes) {',
      replace: '} else if (g == globBytes) {\n      return true;\n    } else if (star < globBytes) {',
    },
  ],
  'jumps one instruction too far': [
    {
      file: 'condition.ts',
      find: 'if (isFalse(top)) at += b << 2;',
      replace: 'if (isFalse(top)) at += (b + 1) << 2;',
    },
  ],
  'looks at the first group only': [
    { file: 'principal.ts', find: 'i < count; i++', replace: 'i < min<u32>(count, 2); i++' },
  ],
  'lets a shadow rule permit': [
    {
      file: 'matches.ts',
      find: 'if (shadow) shadowPermit = max(shadowPermit, OUTCOME_ALLOW);',
      replace: 'if (shadow) permit = max(permit, OUTCOME_ALLOW);',
    },
  ],
  'looks up one subject only in a long list': [
    { file: 'rows.ts', find: 'i < subjects; i++', replace: 'i < min<u32>(subjects, 1); i++' },
  ],
  'knows the first 32 connections only': [
    { file: 'matches.ts', find: '(connections + (symbol >> 5))', replace: '(connections + 0)' },
  ],
};

for (const [name, edits] of Object.entries(MUTANTS)) {
  test(`finds out an evaluator that ${name}`, async () => {
    const evaluatorWasm = await mutate(edits);
    const found = findDisagreement({ seed: SEED, pairs: PAIRS, evaluatorWasm });
    assert.notEqual(found, undefined, `${PAIRS} pairs do not find it out`);
  });
}

/** Every edit must fit exactly once: one that no longer fits would test nothing. */
async function mutate(edits: readonly Edit[]): Promise<Uint8Array> {
  const pending = new Set(edits);
  const evaluator = await rebuildEvaluator((path, text) =>
    edits.reduce((changed, edit) => {
      if (!path.endsWith(`/assembly/${edit.file}`)) return changed;
      pending.delete(edit);
      const parts = changed.split(edit.find);
      assert.equal(parts.length, 2, `\`${edit.find}\` occurs ${parts.length - 1} times in ${edit.file}`);
      return parts.join(edit.replace);
    }, text),
  );
  assert.deepEqual([...pending], [], 'an edit names a file that the evaluator does not have');
  return evaluator;
}
