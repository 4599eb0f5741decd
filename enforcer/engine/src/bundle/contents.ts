/** The readable entries of a bundle: manifest, rules and smoke requests. They are read after they were verified. */
import { fromJsonString } from '@bufbuild/protobuf';
import {
  MASKS,
  pb,
  type DecisionRequest,
  type Effect,
  type Facts,
  type FactValue,
  type Mask,
  type Outcome,
  type RuleInfo,
} from '@sluice/schemas';
import { hasMembers, isCount, isObject, isText, isTextList } from './canonical-json.js';
import { refusal } from './refusal.js';

/** A request with the decision that every activation must reproduce. */
export interface SmokeRequest {
  readonly request: DecisionRequest;
  readonly expect: SmokeExpectation;
}

export interface SmokeExpectation {
  readonly outcome: Outcome;
  /** Strictest mask by column; columns shown as they are do not appear. */
  readonly masks: Readonly<Record<string, Mask>>;
}

const EFFECTS: readonly Effect[] = ['allow', 'deny', 'mask', 'require_approval'];
const OUTCOMES: readonly Outcome[] = ['allow', 'require_approval', 'deny'];

export function readManifest(bytes: Uint8Array): pb.Manifest {
  try {
    return fromJsonString(pb.ManifestSchema, utf8(bytes));
  } catch (cause) {
    // Fail closed: a manifest with a field that is unknown here may mean something that is unknown here.
    throw refusal('bundle_content_malformed', '`.manifest` is no manifest of this release', { cause });
  }
}

/** `rules.json`: a list of `RuleInfo`, in the order of the plan. */
export function readRules(bytes: Uint8Array): readonly RuleInfo[] {
  const rules = readJson(bytes, 'rules.json');
  if (!Array.isArray(rules)) throw malformed('`rules.json` must be a list');
  return rules.map((rule: unknown, index) => {
    if (!isRule(rule)) throw malformed(`rule ${index} of \`rules.json\` is not as this release writes it`);
    return rule;
  });
}

function isRule(value: unknown): value is RuleInfo {
  return (
    hasMembers(
      value,
      ['id', 'effect', 'shadow', 'message', 'owner', 'file', 'line', 'column'],
      ['rows', 'rate', 'approval', 'implied'],
    ) &&
    [value.id, value.message, value.owner, value.file].every(isText) &&
    EFFECTS.some((effect) => effect === value.effect) &&
    typeof value.shadow === 'boolean' &&
    isCount(value.line) &&
    isCount(value.column) &&
    (value.rows === undefined || isCount(value.rows)) &&
    (value.rate === undefined || isRate(value.rate)) &&
    (value.approval === undefined || isApproval(value.approval)) &&
    (value.implied === undefined || typeof value.implied === 'boolean')
  );
}

const isRate = (value: unknown): boolean =>
  hasMembers(value, ['count', 'windowSeconds']) && isCount(value.count) && isCount(value.windowSeconds);

const isApproval = (value: unknown): boolean =>
  hasMembers(value, ['approvers', 'expiresSeconds']) &&
  isTextList(value.approvers) &&
  isCount(value.expiresSeconds);

/** `smoke.json`: a list of `SmokeRequest`, where an int of the facts is written `{"int":"42"}`. */
export function readSmoke(bytes: Uint8Array): readonly SmokeRequest[] {
  const list = readJson(bytes, 'smoke.json');
  if (!Array.isArray(list)) throw malformed('`smoke.json` must be a list');
  return list.map((entry: unknown, index) => {
    if (!hasMembers(entry, ['request', 'expect'])) throw smokeMalformed(index);
    return { request: readRequest(entry.request, index), expect: readExpectation(entry.expect, index) };
  });
}

function readRequest(value: unknown, index: number): DecisionRequest {
  if (!hasMembers(value, ['subject', 'groups', 'connection', 'accesses', 'columns', 'facts'])) {
    throw smokeMalformed(index);
  }
  const { subject, groups, connection, accesses, columns, facts } = value;
  if (!isText(subject) || !isTextList(groups) || !isText(connection)) throw smokeMalformed(index);
  if (!isAccessList(accesses) || !isTextList(columns) || !isObject(facts)) throw smokeMalformed(index);
  const entries = Object.entries(facts).map(([name, fact]): [string, FactValue] => [
    name,
    readFact(fact, index),
  ]);
  const read: Facts = Object.fromEntries(entries);
  return { subject, groups, connection, accesses, columns, facts: read };
}

const isAccessList = (value: unknown): value is DecisionRequest['accesses'] =>
  Array.isArray(value) &&
  value.every(
    (access: unknown) =>
      hasMembers(access, ['action', 'resource']) && isText(access.action) && isText(access.resource),
  );

function readFact(value: unknown, index: number): FactValue {
  if (typeof value === 'boolean' || isText(value) || isTextList(value)) return value;
  if (hasMembers(value, ['int']) && isText(value.int) && /^-?\d{1,19}$/.test(value.int))
    return BigInt(value.int);
  throw smokeMalformed(index);
}

function readExpectation(value: unknown, index: number): SmokeExpectation {
  if (!hasMembers(value, ['outcome', 'masks']) || !isObject(value.masks)) throw smokeMalformed(index);
  const outcome = OUTCOMES.find((candidate) => candidate === value.outcome);
  if (outcome === undefined) throw smokeMalformed(index);
  const masks = Object.entries(value.masks).map(([column, text]): [string, Mask] => {
    const mask = MASKS.find((candidate) => candidate === text);
    if (mask === undefined) throw smokeMalformed(index);
    return [column, mask];
  });
  return { outcome, masks: Object.fromEntries(masks) };
}

function readJson(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(utf8(bytes));
  } catch (cause) {
    // Fail closed: a bundle with an entry that cannot be read is not used.
    throw refusal('bundle_content_malformed', `\`${name}\` is no JSON`, { cause });
  }
}

const utf8 = (bytes: Uint8Array): string => new TextDecoder('utf-8', { fatal: true }).decode(bytes);

const malformed = (message: string): Error => refusal('bundle_content_malformed', message);

const smokeMalformed = (index: number): Error =>
  malformed(`request ${index} of \`smoke.json\` is not as this release writes it`);
