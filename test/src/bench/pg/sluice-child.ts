/**
 * The data path of the enforcer as a process: real login, classification, 1,000 rules deciding in wasm, pipeline,
 * audit log on disk. Only the token is not a real one: logins are not what is measured.
 */
import { listenPostgres, openAuditLog } from '@sluice/enforcer';
import { memoryPorts } from '../../support/memory-ports.js';
import { benchGeneration } from './bench-policy.js';

interface Settings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly audit: string;
}

const settings = JSON.parse(process.argv[2] ?? '{}') as Settings;
const memory = memoryPorts(benchGeneration());
const audit = await openAuditLog({ dir: settings.audit, durability: 'written', clock: memory.ports.clock });
const { host, port, user, password, database } = settings;
const listener = await listenPostgres({
  listen: { host: '127.0.0.1', port: 0 },
  connections: [
    {
      name: 'bench-db',
      upstream: { host, port, user, database, password: async () => password, tls: 'off' },
    },
  ],
  ports: { ...memory.ports, audit },
  authenticator: memory.authenticator,
  log: { info: () => undefined, warn: (fields, message) => console.error(message, JSON.stringify(fields)) },
});
console.log(`listening ${listener.port}`);
