/**
 * The words that a request and a decision are spoken in, shared by every package. Plain objects: the hot
 * path never builds a protobuf message. The messages in `proto/` carry the same words in files and records.
 */

/** One action on one resource inside a request. `resource` is the canonical name that the backend compares by. */
export interface Access {
  readonly action: string;
  readonly resource: string;
}

/** A fact is a bool, a 64-bit signed int (bigint), a string or a list of strings. */
export type FactValue = boolean | bigint | string | readonly string[];

/** Facts by name (see `FACTS`). A name that is missing or undefined is unknown: reading it makes a condition fail. */
export type Facts = Readonly<Record<string, FactValue | undefined>>;

/** Everything a decision may look at. */
export interface DecisionRequest {
  readonly subject: string;
  readonly groups: readonly string[];
  /** Name of the connection. */
  readonly connection: string;
  readonly accesses: readonly Access[];
  /** Columns whose values the request may read, as canonical `schema.table.column`; asks for masks. */
  readonly columns: readonly string[];
  readonly facts: Facts;
}

export type Outcome = 'allow' | 'require_approval' | 'deny';
export type Effect = 'allow' | 'deny' | 'mask' | 'require_approval';

/** Masks from least to most strict; the strictest mask of a column wins. Index + 1 is the number on the wire. */
export const MASKS = ['generalize', 'partial', 'tokenize', 'hash', 'null', 'redact'] as const;
export type Mask = (typeof MASKS)[number];

/** Why a request is not simply allowed. `rule`: a matching rule said so. */
export type Reason = 'allowed' | 'rule' | 'no_rule' | 'too_many_matches' | 'evaluator_failed';

/** One rule that matched one access (or, for a mask, one column) of the request. */
export interface Match {
  /** Index into the rules of the policy. */
  readonly rule: number;
  /** Index into `accesses`, or into `columns` when the rule is a mask. */
  readonly target: number;
  /** The condition could not be evaluated; it counted as true for deny, mask and require_approval, as false for allow. */
  readonly failed: boolean;
}

export interface Decision {
  readonly outcome: Outcome;
  /** What the outcome would be with shadow policies enforced too. */
  readonly shadowOutcome: Outcome;
  readonly reason: Reason;
  /** First access that no rule permits, or -1. */
  readonly unpermitted: number;
  /** Every match, enforced and shadow, sorted by (rule, target). */
  readonly matches: readonly Match[];
  /** Strictest enforced mask of each masked column, by index into `columns`. */
  readonly masks: ReadonlyMap<number, Mask>;
}

/** Anything that decides: the evaluator in wasm and the reference interpreter. */
export interface Decider {
  decide(request: DecisionRequest): Decision;
}

/** What people need to know of a rule; `rules.json` of a bundle holds these in rule order. */
export interface RuleInfo {
  /** `policy/rule`. */
  readonly id: string;
  readonly effect: Effect;
  readonly shadow: boolean;
  readonly message: string;
  readonly owner: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Most rows one request may return. */
  readonly rows?: number;
  readonly rate?: { readonly count: number; readonly windowSeconds: number };
  readonly approval?: { readonly approvers: readonly string[]; readonly expiresSeconds: number };
  /** Added by the compiler (the right to connect that comes with any permission). */
  readonly implied?: boolean;
}
