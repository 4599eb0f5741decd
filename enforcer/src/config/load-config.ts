/** From a file to a configuration, or to everything that is wrong with it, each with its place. */
import path from 'node:path';
import { OPERATION_ERRORS } from '@sluice/schemas';
import { diagnose, type Diagnostic } from '@sluice/schemas/diagnostics';
import type { BackendDocument, EnforcerDocument, Read } from '@sluice/schemas/documents';
import { originAt, type Path } from '@sluice/schemas/yaml';
import { isLoopback, type ConnectionConfig, type EnforcerConfig, type Listen } from './config.js';
import { configError, readConfigFile } from './read-config-file.js';
import { Secret } from './secret.js';

export function loadConfig(file: string): EnforcerConfig {
  const read = readConfigFile(file, 'Enforcer');
  const mistakes = checkSense(read);
  if (mistakes.length > 0) throw configError(file, read.yaml.source.text, mistakes);
  const { spec } = read.value;
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

function connectionOf(document: BackendDocument, baseDir: string): ConnectionConfig {
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
function checkSense({ value: { spec }, yaml }: Read<EnforcerDocument>): Diagnostic[] {
  const findings: Diagnostic[] = [];
  const find = (at: Path, message: string, help: string): void => {
    const origin = originAt(yaml, ['spec', ...at]);
    findings.push(diagnose(OPERATION_ERRORS.config_invalid, origin, message, help));
  };
  spec.identity.issuers.forEach(({ issuer }, index) => {
    const first = spec.identity.issuers.findIndex((other) => other.issuer === issuer);
    if (first !== index)
      find(
        ['identity', 'issuers', index, 'issuer'],
        `the issuer \`${issuer}\` is listed twice`,
        'Keep one of them.',
      );
  });
  spec.connections.forEach((connection, index) => {
    const at = ['connections', index];
    const { name, listen, tls, upstream } = connection;
    if (spec.connections.findIndex((other) => other.name === name) !== index) {
      find([...at, 'name'], `there are two connections \`${name}\``, 'Give one of them another name.');
    }
    if (tls === undefined && !isLoopback(listenOf(listen).host)) {
      find(
        [...at, 'listen'],
        `tokens would travel in the clear to \`${listen}\``,
        'Add `tls` with a certificate and its key, or listen on 127.0.0.1.',
      );
    }
    if (upstream.tls === 'off' && !isLoopback(upstream.host)) {
      find([...at, 'upstream', 'tls'], '`off` is for backends on this machine only', 'Write `verify-full`.');
    }
    if (listenOf(listen).port > PORT_LIMIT) find([...at, 'listen'], ...noPort(listen));
    const twin = spec.connections.find((other) => other.listen === listen);
    if (JSON.stringify(twin?.tls) !== JSON.stringify(tls)) {
      find(
        [...at, 'listen'],
        `connections that share \`${listen}\` must have the same \`tls\``,
        'Write the same `tls` for all of them, or let one listen elsewhere.',
      );
    }
  });
  const { listen } = spec.admin;
  if (listenOf(listen).port > PORT_LIMIT) find(['admin', 'listen'], ...noPort(listen));
  if (!isLoopback(listenOf(listen).host)) {
    find(
      ['admin', 'listen'],
      `approvers' tokens would travel in the clear to \`${listen}\``,
      'Write an address of this machine such as `127.0.0.1:8443`.',
    );
  }
  return findings;
}

const PORT_LIMIT = 65_535;

const noPort = (listen: string): readonly [message: string, help: string] => [
  `\`${listen}\` has no port between 0 and ${PORT_LIMIT}`,
  'Write a port of that range; with 0 the system chooses one.',
];

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
