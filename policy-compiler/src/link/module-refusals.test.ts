/** A module that is not the pinned evaluator with tables as its only data is refused, each kind with its own code. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspectModule, loadPolicy } from '@sluice/engine';
import { SluiceError, abi } from '@sluice/schemas';
import { link } from './link.js';
import { appendTables } from './module.js';
import { infosOf, planOf } from './plan.test.support.js';
import { prebuiltEvaluator } from './prebuilt.js';

const plan = planOf([{ effect: 'allow' }]);
const PREAMBLE_BYTES = 8;

interface Section {
  readonly id: number;
  readonly content: readonly number[];
}

/** Splits a module by hand: what is under test must not help to test itself. */
function split(wasm: Uint8Array): Section[] {
  const sections: Section[] = [];
  for (let at = PREAMBLE_BYTES; at < wasm.length;) {
    const id = wasm[at++] ?? 0;
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = wasm[at++] ?? 0;
      size |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    sections.push({ id, content: [...wasm.subarray(at, at + size)] });
    at += size;
  }
  return sections;
}

function join(sections: readonly Section[]): Uint8Array {
  const parts = sections.flatMap(({ id, content }) => [id, ...leb(content.length), ...content]);
  return Uint8Array.from([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, ...parts]);
}

function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}

/** The linked module with its sections changed. */
function changed(change: (sections: Section[]) => readonly Section[]): Uint8Array {
  return join(change(split(link(plan))));
}

function replaced(id: number, content: (old: readonly number[]) => readonly number[]): Uint8Array {
  return changed((sections) =>
    sections.map((section) => (section.id === id ? { id, content: content(section.content) } : section)),
  );
}

function insertedBefore(next: number, section: Section): Uint8Array {
  return changed((sections) => sections.flatMap((old) => (old.id === next ? [section, old] : [old])));
}

function flipped(wasm: Uint8Array, at: number): Uint8Array {
  const copy = wasm.slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

const FUNCTION = 3;
const MEMORY = 5;
const CODE = 10;
const DATA = 11;
const memory = (...bytes: readonly number[]) => replaced(MEMORY, () => bytes);
const pages = leb(abi.MEMORY_PAGES);

const REFUSALS: readonly (readonly [name: string, code: string, wasm: () => Uint8Array])[] = [
  ['nothing', 'SLU3100', () => new Uint8Array()],
  ['text', 'SLU3100', () => new TextEncoder().encode('export const policy = "allow";')],
  ['a module that is cut off', 'SLU3100', () => link(plan).subarray(0, 5000)],
  ['bytes behind the tables', 'SLU3100', () => replaced(DATA, (old) => [...old, 0])],
  ['an import', 'SLU3101', () => insertedBefore(FUNCTION, { id: 2, content: [1, 1, 0x61, 1, 0x62, 0, 0] })],
  ['an empty import section', 'SLU3101', () => insertedBefore(FUNCTION, { id: 2, content: [0] })],
  ['a start function', 'SLU3102', () => insertedBefore(CODE, { id: 8, content: [0] })],
  ['a larger memory', 'SLU3103', () => memory(1, 1, ...pages, ...leb(abi.MEMORY_PAGES + 1))],
  ['a memory that can grow', 'SLU3103', () => memory(1, 0, ...pages)],
  ['a shared memory', 'SLU3103', () => memory(1, 3, ...pages, ...pages)],
  ['two memories', 'SLU3103', () => memory(2, 1, ...pages, ...pages, 1, ...pages, ...pages)],
  ['no memory', 'SLU3103', () => changed((all) => all.filter(({ id }) => id !== MEMORY))],
  ['a changed byte of code', 'SLU3104', () => flipped(link(plan), prebuiltEvaluator().length - 20)],
  [
    'a changed export',
    'SLU3104',
    () => replaced(7, (old) => old.map((byte, i) => (i === 3 ? byte ^ 1 : byte))),
  ],
  ['a custom section', 'SLU3104', () => changed((all) => [...all, { id: 0, content: [1, 0x61, 0] }])],
  ['sections in another order', 'SLU3104', () => changed((all) => all.toReversed())],
  ['no tables', 'SLU3105', prebuiltEvaluator],
  ['a second data section', 'SLU3105', () => changed((all) => [...all, ...all.slice(-1)])],
  [
    'a second data segment',
    'SLU3105',
    () => replaced(DATA, ([, ...old]) => [2, ...old, 0, 0x41, 0, 0x0b, 1, 7]),
  ],
  ['a passive data segment', 'SLU3105', () => replaced(DATA, () => [1, 1, 1, 7])],
  ['data in another place', 'SLU3105', () => replaced(DATA, () => [1, 0, 0x41, 0x80, 0x08, 0x0b, 1, 7])],
  ['data where a global says', 'SLU3105', () => replaced(DATA, () => [1, 0, 0x23, 0, 0x0b, 1, 7])],
];

const codeOf = (attempt: () => unknown): string => {
  try {
    attempt();
  } catch (error) {
    // Fails closed as production does: only the known kind of error counts as a refusal.
    if (error instanceof SluiceError) return error.code;
    throw error;
  }
  return 'accepted';
};

describe('module inspection', () => {
  test('accepts the linked evaluator', () => {
    assert.equal(inspectModule(link(plan)).tables[0], 0x53);
    assert.equal(
      codeOf(() => inspectModule(join(split(link(plan))))),
      'accepted',
    );
  });

  for (const [name, code, wasm] of REFUSALS) {
    test(`refuses ${name}`, () => {
      assert.equal(
        codeOf(() => loadPolicy(wasm(), infosOf(plan))),
        code,
      );
    });
  }

  test('refuses tables that are not tables', () => {
    const wasm = appendTables(prebuiltEvaluator(), new Uint8Array(4096));
    assert.equal(
      codeOf(() => loadPolicy(wasm, infosOf(plan))),
      'SLU3106',
    );
  });

  test('refuses rules that are not those of the tables', () => {
    const wasm = link(plan);
    const [info] = infosOf(plan);
    assert.ok(info);
    for (const rules of [
      [],
      [info, info],
      [{ ...info, effect: 'deny' as const }],
      [{ ...info, shadow: true }],
    ]) {
      assert.equal(
        codeOf(() => loadPolicy(wasm, rules)),
        'SLU3109',
      );
    }
  });

  test('runs its own copy of what it verified', () => {
    const wasm = link(plan);
    const policy = loadPolicy(wasm, infosOf(plan));
    wasm.fill(0);
    const accesses = [{ action: 'select', resource: 't' }];
    const request = { subject: 'a', groups: [], connection: 'c', accesses, columns: [], facts: {} };
    assert.equal(policy.decide(request).outcome, 'allow');
  });
});
