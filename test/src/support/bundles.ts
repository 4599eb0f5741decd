/** Small bundles for tests: who may select from `public.customers`, signed by a key of the test's own. */
import { create } from '@bufbuild/protobuf';
import { parseTrust, readArchive, type EntryName, type Trust } from '@sluice/engine';
import {
  buildBundle,
  generateKey,
  link,
  signBundle,
  writeArchive,
  type KeyPair,
} from '@sluice/policy-compiler';
import { abi, pb, type DecisionRequest, type RuleInfo } from '@sluice/schemas';

export const AUDIENCE = 'shop';
export const ISSUER = 'https://ci.example';

export interface SmallBundle {
  readonly version: number;
  /** What the one rule does to a select by support agents. */
  readonly effect: 'allow' | 'deny';
  readonly keys: readonly KeyPair[];
  readonly nowMs: number;
  readonly expiresSeconds?: number;
  readonly audience?: string;
  /** What the smoke request expects, when not what the rule does. */
  readonly expects?: 'allow' | 'deny';
  readonly revision?: string;
}

export const SELECT: DecisionRequest = {
  subject: 'ann',
  groups: ['support-agents'],
  connection: 'shop-db',
  accesses: [{ action: 'select', resource: 'public.customers' }],
  columns: [],
  facts: {},
};

export async function smallBundle(bundle: SmallBundle): Promise<Uint8Array> {
  const { keys, nowMs, expiresSeconds = 86_400 } = bundle;
  const privateJwks = keys.map((key) => key.privateJwk);
  return signBundle(unsignedBundle(bundle), privateJwks, { nowMs, expiresSeconds });
}

export function unsignedBundle({
  version,
  effect,
  expects = effect,
  audience = AUDIENCE,
  revision = `r${version}`,
}: SmallBundle): Uint8Array {
  const plan = planWith(effect);
  return buildBundle({
    plan,
    rules: [{ ...RULE, effect }],
    wasm: link(plan),
    connections: [{ name: 'shop-db', protocol: 'postgres', labels: {} }],
    smoke: [{ request: SELECT, expect: { outcome: expects, masks: {} } }],
    version,
    revision,
    audience,
    issuer: ISSUER,
  });
}

/** A bundle properly signed around a module that should never have been. */
export function signedAround(wasm: Uint8Array, bundle: SmallBundle): Promise<Uint8Array> {
  const entries = new Map<EntryName, Uint8Array>(readArchive(unsignedBundle(bundle)));
  entries.set('policy.wasm', wasm);
  const { keys, nowMs, expiresSeconds = 86_400 } = bundle;
  const privateJwks = keys.map((key) => key.privateJwk);
  return signBundle(writeArchive(entries), privateJwks, { nowMs, expiresSeconds });
}

export async function trustIn(keys: readonly KeyPair[]): Promise<Trust> {
  const listed = keys.map(({ kid, algorithm, publicJwk }) => ({ kid, algorithm, publicKey: publicJwk }));
  const spec = { audience: AUDIENCE, issuer: ISSUER, threshold: 1, keys: listed };
  const trust = await parseTrust({ apiVersion: 'sluice/v1', kind: 'Trust', spec });
  if (!trust.ok) throw new Error(trust.message);
  return trust.value;
}

export const newKey = (): KeyPair => generateKey('EdDSA');

const RULE: RuleInfo = {
  id: 'support/customers',
  effect: 'allow',
  shadow: false,
  message: '',
  owner: '@acme/data',
  file: 'support.yaml',
  line: 7,
  column: 5,
};

const planWith = (effect: 'allow' | 'deny'): pb.Plan =>
  create(pb.PlanSchema, {
    abiVersion: abi.ABI_VERSION,
    subjects: ['group:support-agents'],
    connections: ['shop-db'],
    actions: ['select'],
    resources: [{ text: 'public.customers' }],
    rules: [
      {
        id: RULE.id,
        effect: effect === 'allow' ? pb.Effect.ALLOW : pb.Effect.DENY,
        mode: pb.Mode.ENFORCE,
        subjects: [0],
        connections: [0],
        actions: [0],
        resources: [0],
      },
    ],
  });
