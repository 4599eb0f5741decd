/** The enforcer of the demo: its configuration, its start, and knowing when it is ready. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/free-port.js';
import type { PostgresServer } from '../support/postgres-server.js';
import { startService, type Service } from './service.js';
import { DemoFailure } from './narrator.js';

export interface Addresses {
  readonly host: string;
  readonly port: number;
  readonly adminUrl: string;
}

const READY_TIMEOUT_MS = 20_000;
const POLL_MS = 50;
const HOST = '127.0.0.1';

export async function startEnforcer(
  directory: string,
  database: PostgresServer,
  issuer: string,
): Promise<Addresses & Service> {
  const [port, adminPort] = [await freePort(), await freePort()];
  await writeFile(join(directory, 'db-password'), database.password, { mode: 0o600 });
  await writeFile(join(directory, 'sluice.yaml'), configuration(database, issuer, port, adminPort));
  const service = startService(directory, 'enforce', '--config', 'sluice.yaml');
  const adminUrl = `http://${HOST}:${adminPort}`;
  try {
    await untilReady(service, adminUrl);
  } catch (cause) {
    await service.stop();
    throw cause;
  }
  return { ...service, host: HOST, port, adminUrl };
}

const configuration = (
  database: PostgresServer,
  issuer: string,
  port: number,
  adminPort: number,
): string => `\
apiVersion: sluice/v1
kind: Enforcer
spec:
  bundle: { source: ./dist/bundle.tar.gz, trust: ./trust.yaml, poll: 1s, stale_after: 10m, fail_closed_after: 24h }
  identity:
    issuers: [{ issuer: "${issuer}", audience: sluice, groups: groups }]
  connections:
    - name: shop-db
      protocol: postgres
      listen: ${HOST}:${port}
      tls: { cert: ./tls.crt, key: ./tls.key }
      upstream:
        host: ${database.host}
        port: ${database.port}
        database: ${database.database}
        user: ${database.user}
        password: { file: ./db-password }
        tls: off
  approvals: { hold: 2m }
  audit: { dir: ./audit }
  state: sqlite:./state.db
  admin: { listen: "${HOST}:${adminPort}" }
`;

async function untilReady(service: Service, adminUrl: string): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (service.ended()) break;
    // Refused until the enforcer listens: asked again until the deadline.
    const response = await fetch(`${adminUrl}/readyz`).catch(() => undefined);
    if (response?.ok) return;
    await sleep(POLL_MS);
  }
  throw new DemoFailure(`the enforcer did not become ready:\n${service.log()}`);
}
