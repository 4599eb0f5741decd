/** A request that waits for a person, and what became of it. */
import { randomInt } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { pb } from '@sluice/schemas';

export type ApprovalState = 'pending' | 'approved' | 'denied' | 'expired' | 'used';

export interface Approval {
  readonly id: string;
  /** Binds the answer to exactly one request; see `approvalDigest` in the pipeline. */
  readonly digest: string;
  readonly state: ApprovalState;
  readonly issuer: string;
  readonly subject: string;
  readonly connection: string;
  readonly protocol: string;
  readonly request: string;
  readonly intent: string;
  /** The rules that ask: whoever answers must be in the list of each. */
  readonly rules: readonly { readonly rule: string; readonly names: readonly string[] }[];
  readonly estimatedRows: number | undefined;
  readonly createdMs: number;
  readonly expiresMs: number;
  readonly answeredBy: string;
  readonly reason: string;
  readonly answeredMs: number;
}

/** Without letters and digits that look alike when read aloud or copied by hand. */
const ALPHABET = '23456789abcdefghjkmnpqrstuvwxyz';
const ID_CHARACTERS = 8;

export function newApprovalId(): string {
  const characters = Array.from({ length: ID_CHARACTERS }, () => ALPHABET[randomInt(ALPHABET.length)]);
  return `ap-${characters.join('')}`;
}

const STATES: Readonly<Record<ApprovalState, pb.ApprovalState>> = {
  pending: pb.ApprovalState.PENDING,
  approved: pb.ApprovalState.APPROVED,
  denied: pb.ApprovalState.DENIED,
  expired: pb.ApprovalState.EXPIRED,
  used: pb.ApprovalState.USED,
};

export function toMessage(approval: Approval): pb.Approval {
  const { rules, estimatedRows, createdMs, expiresMs, answeredMs, state, ...same } = approval;
  return create(pb.ApprovalSchema, {
    ...same,
    state: STATES[state],
    rules: rules.map(({ rule }) => rule),
    approvers: rules.map(({ rule, names }) => ({ rule, names: [...names] })),
    created: timestampFromMs(createdMs),
    expires: timestampFromMs(expiresMs),
    ...(answeredMs > 0 && { answered: timestampFromMs(answeredMs) }),
    ...(estimatedRows !== undefined && { estimatedRows: BigInt(Math.max(0, Math.trunc(estimatedRows))) }),
  });
}
