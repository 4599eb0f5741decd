/** A small policy as the parts of a bundle, for tests of this folder. */
import { create } from '@bufbuild/protobuf';
import { abi, pb, type RuleInfo } from '@sluice/schemas';
import { link } from '../link/index.js';
import type { BundleParts } from './build-bundle.js';

export const NOW_MS = 1_800_000_000_000;

const rule = { mode: pb.Mode.ENFORCE, subjects: [0], connections: [0] };

export function samplePlan(): pb.Plan {
  return create(pb.PlanSchema, {
    abiVersion: abi.ABI_VERSION,
    subjects: ['group:support-agents'],
    connections: ['shop-db'],
    actions: ['select'],
    resources: [{ text: 'public.customers' }],
    columns: [{ text: 'public.customers.ssn' }],
    rules: [
      { ...rule, id: 'support/mask', effect: pb.Effect.MASK, columns: [0], mask: pb.Mask.REDACT },
      { ...rule, id: 'support/read', effect: pb.Effect.ALLOW, actions: [0], resources: [0] },
    ],
  });
}

const info: RuleInfo = {
  id: 'support/mask',
  effect: 'mask',
  shadow: false,
  message: '',
  owner: '@acme/data',
  file: 'support.yaml',
  line: 3,
  column: 5,
};

export const SAMPLE_REQUEST = {
  subject: 'ann',
  groups: ['support-agents'],
  connection: 'shop-db',
  accesses: [{ action: 'select', resource: 'public.customers' }],
  columns: ['public.customers.ssn'],
  facts: {},
};

export function sampleParts(): BundleParts {
  const plan = samplePlan();
  return {
    plan,
    rules: [info, { ...info, id: 'support/read', effect: 'allow', line: 7, rows: 10 }],
    wasm: link(plan),
    connections: [
      { name: 'shop-db', protocol: 'postgres', labels: { env: 'prod', area: 'eu' } },
      { name: 'depot-db', protocol: 'postgres', labels: {} },
    ],
    smoke: [
      {
        request: SAMPLE_REQUEST,
        expect: { outcome: 'allow', masks: { 'public.customers.ssn': 'redact' } },
      },
    ],
    version: 3,
    revision: 'abc123',
    audience: 'shop',
    issuer: 'https://ci.example',
  };
}
