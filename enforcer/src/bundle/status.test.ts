import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUNDLE_ERRORS } from '@sluice/schemas';
import { judge, type Activated, type Fault } from './status.js';

const SETTINGS = { staleAfterMs: 600_000, failClosedAfterMs: 86_400_000 };
const NOW_MS = 1_800_000_000_000;

const activated: Activated = {
  generation: {
    number: 1,
    digest: 'd',
    policy: {
      rules: [],
      facts: new Set(),
      factsFor: () => new Set(),
      decide: () => {
        throw new Error('not asked');
      },
    },
  },
  version: 7,
  revision: 'r',
  activatedMs: NOW_MS,
  expiresMs: NOW_MS + 1000 * 86_400_000,
};

const fault = (name: keyof typeof BUNDLE_ERRORS): Fault => ({ error: BUNDLE_ERRORS[name], message: 'why' });
const expired = { ...activated, expiresMs: NOW_MS };

const CASES: readonly (readonly [
  what: string,
  of: Activated | undefined,
  fault: Fault | undefined,
  ageMs: number,
  expected: string,
])[] = [
  ['nothing was ever loaded', undefined, undefined, 0, 'ERROR bundle_none'],
  ['the only candidate was refused', undefined, fault('bundle_untrusted'), 0, 'ERROR bundle_untrusted'],
  ['the newest bundle decides', activated, undefined, 0, 'LOADED '],
  ['a newer candidate was refused', activated, fault('bundle_untrusted'), 0, 'STALE bundle_untrusted'],
  [
    'the source was unreadable for a moment',
    activated,
    fault('bundle_source_unreadable'),
    600_000,
    'LOADED bundle_source_unreadable',
  ],
  [
    'the source was unreadable for long',
    activated,
    fault('bundle_source_unreadable'),
    600_001,
    'STALE bundle_stale',
  ],
  ['nothing was confirmed for long', activated, undefined, 600_001, 'STALE bundle_stale'],
  ['nothing was confirmed until it must close', activated, undefined, 86_400_001, 'ERROR bundle_fail_closed'],
  [
    'a refused candidate and nothing confirmed',
    activated,
    fault('bundle_expired'),
    86_400_001,
    'ERROR bundle_fail_closed',
  ],
  ['the active bundle expired', expired, undefined, 0, 'ERROR bundle_expired'],
];

for (const [what, of, found, ageMs, expected] of CASES) {
  test(`says ${expected.trim()} when ${what}`, () => {
    const verdict = judge(of, found, NOW_MS, ageMs, SETTINGS);
    assert.equal(`${verdict.state} ${verdict.fault?.error.name ?? ''}`, expected);
  });
}
