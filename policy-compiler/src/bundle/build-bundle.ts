/** Everything the compiler made, put into one unsigned bundle file. */
import { create, toBinary, toJsonString } from '@bufbuild/protobuf';
import { inspectModule, SIGNED_ENTRIES, type EntryName, type SmokeRequest } from '@sluice/engine';
import { BUNDLE_ERRORS, pb, SluiceError, type FactValue, type RuleInfo } from '@sluice/schemas';
import { writeArchive } from './write-archive.js';

export interface BundleParts {
  readonly plan: pb.Plan;
  /** In the order of `plan.rules`. */
  readonly rules: readonly RuleInfo[];
  /** The evaluator with the tables of the plan linked into it. */
  readonly wasm: Uint8Array;
  readonly connections: readonly BundleConnection[];
  readonly smoke: readonly SmokeRequest[];
  /** Must be higher than any that was published on this channel. */
  readonly version: number;
  /** The commit or other name of the sources. */
  readonly revision: string;
  readonly audience: string;
  readonly issuer: string;
}

export interface BundleConnection {
  readonly name: string;
  readonly protocol: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * buildBundle(parts) -> bytes of an unsigned bundle. Refuses a module that no enforcer would accept. The same parts give the same bytes, in any order of labels and connections. */
export function buildBundle(parts: BundleParts): Uint8Array {
  if (!Number.isSafeInteger(parts.version) || parts.version < 1) {
    const message = `the version of a bundle must be a whole number from 1, not \`${parts.version}\``;
    throw new SluiceError(BUNDLE_ERRORS.bundle_claims_malformed, message);
  }
  const contents: Readonly<Record<string, Uint8Array>> = {
    '.manifest': utf8(toJsonString(pb.ManifestSchema, manifestOf(parts))),
    'policy.wasm': parts.wasm,
    'plan.bin': toBinary(pb.PlanSchema, parts.plan),
    'rules.json': utf8(JSON.stringify(parts.rules.map(inFixedOrder))),
    'smoke.json': utf8(JSON.stringify(parts.smoke.map(smokeToJson))),
  };
  const entries = new Map<EntryName, Uint8Array>();
  for (const name of SIGNED_ENTRIES) {
    const content = contents[name];
    if (content === undefined) throw new Error(`nothing was built for the entry \`${name}\``);
    entries.set(name, content);
  }
  return writeArchive(entries);
}

function manifestOf(parts: BundleParts): pb.Manifest {
  return create(pb.ManifestSchema, {
    abiVersion: parts.plan.abiVersion,
    version: BigInt(parts.version),
    revision: parts.revision,
    audience: parts.audience,
    issuer: parts.issuer,
    facts: parts.plan.facts,
    evaluatorDigest: inspectModule(parts.wasm).codeDigest,
    connections: parts.connections
      .toSorted((left, right) => compare(left.name, right.name))
      .map(({ name, protocol, labels }) => ({ name, protocol, labels: sorted(labels) })),
    rules: parts.rules.length,
  });
}

/** Members in one order, whatever the order they were made in. */
function inFixedOrder(rule: RuleInfo): RuleInfo {
  const { id, effect, shadow, message, owner, file, line, column, rows, rate, approval, implied } = rule;
  return {
    id,
    effect,
    shadow,
    message,
    owner,
    file,
    line,
    column,
    ...(rows !== undefined && { rows }),
    ...(rate && { rate: { count: rate.count, windowSeconds: rate.windowSeconds } }),
    ...(approval && { approval: { approvers: approval.approvers, expiresSeconds: approval.expiresSeconds } }),
    ...(implied !== undefined && { implied }),
  };
}

function smokeToJson({ request, expect }: SmokeRequest): unknown {
  const { subject, groups, connection, accesses, columns, facts } = request;
  return {
    request: {
      subject,
      groups,
      connection,
      accesses: accesses.map(({ action, resource }) => ({ action, resource })),
      columns,
      facts: sorted(facts, factToJson),
    },
    expect: { outcome: expect.outcome, masks: sorted(expect.masks) },
  };
}

/** JSON has no 64-bit integers: an int is written `{"int":"42"}`. */
const factToJson = (value: FactValue): unknown =>
  typeof value === 'bigint' ? { int: value.toString() } : value;

function sorted<T, U = T>(
  record: Readonly<Record<string, T | undefined>>,
  write: (value: T) => U = (value) => value as unknown as U,
): Record<string, U> {
  const known = Object.entries(record).filter((entry): entry is [string, T] => entry[1] !== undefined);
  return Object.fromEntries(
    known.toSorted(([left], [right]) => compare(left, right)).map(([name, value]) => [name, write(value)]),
  );
}

/** By code unit: the order must not depend on the language of the machine. */
const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
