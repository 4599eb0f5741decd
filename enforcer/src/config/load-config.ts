/** From a file to a configuration, or to everything that is wrong with it, each with its place. */
import path from 'node:path';
import type { TrustedIssuer } from '../identity/index.js';
import { checkSchema } from './check-schema.js';
import { isLoopback, type ConnectionConfig, type EnforcerConfig, type Listen } from './config.js';
import { configError, readYamlFile, type Issue, type YamlSource } from './read-yaml.js';
import { Secret, type SecretSource } from './secret.js';

/** The document as the JSON Schema promises it. */
interface EnforcerDocument {
  readonly spec: {
    readonly bundle: {
      readonly source: string;
      readonly trust: string;
      readonly poll?: string;
      readonly stale_after?: string;
      readonly fail_closed_after?: string;
    };
    readonly identity: {
      readonly issuers: readonly (Omit<TrustedIssuer, 'jwksUri'> & { readonly jwks_uri?: string })[];
    };
    readonly connections: readonly ConnectionDocument[];
    readonly approvals?: { readonly hold?: string };
    readonly audit: { readonly dir: string; readonly durability?: 'written' | 'strict' };
    readonly state: string;
    readonly admin: { readonly listen: string; readonly operators?: readonly string[] };
  };
}

interface ConnectionDocument {
  readonly name: string;
  readonly listen: string;
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly databases?: readonly string[];
  readonly upstream: {
    readonly host: string;
    readonly port?: number;
    readonly database: string;
    readonly user: string;
    readonly password: SecretSource;
    readonly tls: 'off' | 'verify-full';
    readonly ca?: string;
  };
}

export function loadConfig(file: string): EnforcerConfig {
  const source = readYamlFile(file);
  const issues = checkSchema(source);
  if (issues.length > 0) throw configError(source.file, issues);
  // The schema has just accepted it.
  const { spec } = source.value as EnforcerDocument;
  const mistakes = checkSense(spec, source);
  if (mistakes.length > 0) throw configError(source.file, mistakes);
  const baseDir = path.dirname(path.resolve(file));
  const resolve = (name: string): string => path.resolve(baseDir, name);
  return {
    file,
    bundle: {
      source: resolve(spec.bundle.source),
      trust: resolve(spec.bundle.trust),
      pollMs: duration(spec.bundle.poll ?? '30s'),
      staleAfterMs: duration(spec.bundle.stale_after ?? '10m'),
      failClosedAfterMs: duration(spec.bundle.fail_closed_after ?? '24h'),
    },
    issuers: spec.identity.issuers.map(({ jwks_uri: jwksUri, ...issuer }) => ({ ...issuer, jwksUri })),
    connections: spec.connections.map((connection) => connectionOf(connection, baseDir)),
    approvals: { holdMs: duration(spec.approvals?.hold ?? '2m') },
    audit: { dir: resolve(spec.audit.dir), durability: spec.audit.durability ?? 'written' },
    stateFile: stateFile(spec.state, resolve),
    admin: { listen: listenOf(spec.admin.listen), operators: spec.admin.operators ?? [] },
  };
}

function connectionOf(document: ConnectionDocument, baseDir: string): ConnectionConfig {
  const { name, listen, tls, databases, upstream } = document;
  const resolve = (file: string): string => path.resolve(baseDir, file);
  return {
    name,
    protocol: 'postgres',
    listen: listenOf(listen),
    tls: tls && { certFile: resolve(tls.cert), keyFile: resolve(tls.key) },
    databases: databases ?? [],
    upstream: {
      host: upstream.host,
      port: upstream.port ?? 5432,
      database: upstream.database,
      user: upstream.user,
      password: new Secret(upstream.password, baseDir),
      tls: upstream.tls,
      caFile: upstream.ca === undefined ? undefined : resolve(upstream.ca),
    },
  };
}

/** What a schema cannot say: passwords in the clear, names and addresses that collide. */
function checkSense(spec: EnforcerDocument['spec'], source: YamlSource): Issue[] {
  const issues: Issue[] = [];
  const issue = (at: readonly (string | number)[], message: string): void => {
    issues.push({ ...source.placeOf(['spec', ...at]), message });
  };
  spec.identity.issuers.forEach(({ issuer }, index) => {
    const first = spec.identity.issuers.findIndex((other) => other.issuer === issuer);
    if (first !== index)
      issue(['identity', 'issuers', index, 'issuer'], `the issuer \`${issuer}\` is listed twice`);
  });
  spec.connections.forEach((connection, index) => {
    const at = ['connections', index];
    const { name, listen, tls, upstream } = connection;
    if (spec.connections.findIndex((other) => other.name === name) !== index) {
      issue([...at, 'name'], `there are two connections \`${name}\``);
    }
    if (tls === undefined && !isLoopback(listenOf(listen).host)) {
      issue(
        [...at, 'listen'],
        `tokens would travel in the clear to \`${listen}\`: add \`tls\`, or listen on 127.0.0.1`,
      );
    }
    if (upstream.tls === 'off' && !isLoopback(upstream.host)) {
      issue(
        [...at, 'upstream', 'tls'],
        `\`off\` is for backends on this machine only, expected \`verify-full\``,
      );
    }
    if (listenOf(listen).port > 65535)
      issue([...at, 'listen'], `\`${listen}\` has no port between 0 and 65535`);
    const twin = spec.connections.find((other) => other.listen === listen);
    if (JSON.stringify(twin?.tls) !== JSON.stringify(tls)) {
      issue([...at, 'listen'], `connections that share \`${listen}\` must have the same \`tls\``);
    }
  });
  const { listen } = spec.admin;
  if (listenOf(listen).port > 65535)
    issue(['admin', 'listen'], `\`${listen}\` has no port between 0 and 65535`);
  if (!isLoopback(listenOf(listen).host)) {
    issue(
      ['admin', 'listen'],
      `approvers' tokens would travel in the clear to \`${listen}\`, expected an address of this machine such as \`127.0.0.1:8443\``,
    );
  }
  return issues;
}

const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The schema has checked the form. */
function duration(text: string): number {
  const unit = /[a-z]+$/.exec(text)?.[0] as keyof typeof UNITS_MS;
  return Number.parseInt(text, 10) * UNITS_MS[unit];
}

function listenOf(text: string): Listen {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(text.slice(colon + 1)) };
}

function stateFile(state: string, resolve: (file: string) => string): string {
  const file = state.slice('sqlite:'.length);
  return file === ':memory:' ? file : resolve(file);
}
