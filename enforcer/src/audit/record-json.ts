/** Audit records as they stand in the log: the members that searching and printing look at. */
export interface RecordJson {
  readonly seq: string;
  readonly timestamp: string;
  readonly decision?: DecisionJson;
  readonly completion?: CompletionJson;
  readonly refusedLogin?: {
    readonly connection?: string;
    readonly protocol?: string;
    readonly clientAddress?: string;
    readonly claimedSubject?: string;
    readonly claimedIssuer?: string;
    readonly code?: string;
    readonly detail?: string;
  };
  readonly operation?: {
    readonly operation?: string;
    readonly actor?: string;
    readonly subject?: string;
    readonly detail?: string;
    readonly code?: string;
  };
}

export interface DecisionJson {
  readonly decisionId?: string;
  readonly actor?: { readonly subject?: string; readonly intent?: string };
  readonly connection?: string;
  readonly request?: string;
  readonly decision?: {
    readonly outcome?: string;
    readonly rules?: readonly {
      readonly id: string;
      readonly shadow?: boolean;
      readonly position?: { readonly file?: string; readonly line?: number; readonly column?: number };
    }[];
    readonly masks?: readonly { readonly column?: string; readonly mask?: string }[];
  };
  readonly refusal?: string;
  readonly detail?: string;
  readonly approvalId?: string;
}

export interface CompletionJson {
  readonly decisionId?: string;
  readonly outcome?: string;
  readonly rows?: string;
  readonly backendCode?: string;
  readonly durationUs?: string;
}

/** Undefined for a line that is no record: `sluice audit verify` speaks of those. */
export function parseRecord(line: Uint8Array): RecordJson | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString());
    return typeof value === 'object' && value !== null && 'seq' in value ? (value as RecordJson) : undefined;
  } catch {
    // Searching decides nothing: a broken line is left to the verifier.
    return undefined;
  }
}
