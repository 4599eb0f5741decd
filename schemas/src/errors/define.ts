/** How a refusal appears on each protocol's wire is chosen by its class (design table "Refusals"). */
export type RefusalClass =
  | 'policy_denied'
  | 'approval_required'
  | 'unsupported'
  | 'protocol_violation'
  | 'too_large'
  | 'unauthenticated'
  | 'limited'
  | 'unavailable';

/** One row of the error-code table. Codes are numbered once and never reused. */
export interface ErrorDefinition {
  /** `SLU` and four digits: 1 YAML and policies, 2 CEL and patterns, 3 bundle and trust, 4 requests, 5 operation. */
  readonly code: `SLU${number}`;
  /** Stable machine name, snake_case. */
  readonly name: string;
  /** Lowercase sentence without a full stop: what went wrong in general. */
  readonly title: string;
  /** Who can mend it. */
  readonly fault: 'author' | 'agent' | 'operator' | 'publisher' | 'backend' | 'sluice';
  /** Whether the same thing may succeed later with nothing changed. */
  readonly retry: boolean;
  /** One or two sentences: the way out. */
  readonly help: string;
  /** For refusals of requests: how it appears on the wire. */
  readonly refusal?: RefusalClass;
  /** For findings of `sluice check`. */
  readonly severity?: 'error' | 'warning';
}

/** Types a group of rows and keeps their names as literal types, so a code can only be spoken of by a known name. */
export function defineErrors<const T extends Readonly<Record<string, Omit<ErrorDefinition, 'name'>>>>(
  rows: T,
): { readonly [K in keyof T & string]: ErrorDefinition & { readonly name: K } } {
  const named = Object.entries(rows).map(([name, row]) => [name, { ...row, name }]);
  return Object.freeze(Object.fromEntries(named)) as {
    readonly [K in keyof T & string]: ErrorDefinition & { readonly name: K };
  };
}
