/** What an enforcer is told to do: `sluice.yaml`, checked and with every default filled in. */
import type { TrustedIssuer } from '../identity/index.js';
import type { Secret } from './secret.js';

export interface EnforcerConfig {
  /** Where it was read from; relative paths in it start there. */
  readonly file: string;
  readonly bundle: {
    readonly source: string;
    /** File of kind Trust. */
    readonly trust: string;
    readonly pollMs: number;
    readonly staleAfterMs: number;
    readonly failClosedAfterMs: number;
  };
  readonly issuers: readonly TrustedIssuer[];
  readonly connections: readonly ConnectionConfig[];
  readonly approvals: { readonly holdMs: number };
  readonly audit: { readonly dir: string; readonly durability: 'written' | 'strict' };
  /** SQLite file, or `:memory:`. */
  readonly stateFile: string;
  readonly admin: {
    readonly listen: Listen;
    /** Groups whose members see and end the sessions of everybody. */
    readonly operators: readonly string[];
  };
}

export interface ConnectionConfig {
  readonly name: string;
  readonly protocol: 'postgres';
  readonly listen: Listen;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  /** Database names by which clients may ask for it, besides its own name and the upstream's. */
  readonly databases: readonly string[];
  readonly upstream: {
    readonly host: string;
    readonly port: number;
    readonly database: string;
    readonly user: string;
    readonly password: Secret;
    readonly tls: 'off' | 'verify-full';
    readonly caFile: string | undefined;
  };
}

export interface Listen {
  readonly host: string;
  readonly port: number;
}

/** Nobody else can listen in between. */
export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|::1)$/.test(host);

export const listenText = ({ host, port }: Listen): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
