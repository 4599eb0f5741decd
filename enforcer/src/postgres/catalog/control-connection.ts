/**
 * The enforcer's own connection to a backend, apart from those of clients: it reads the catalog and asks for
 * plans. Read-only, every question bounded in time. It is opened when it is needed and again after it broke.
 */
import { isIP } from 'node:net';
import pg from 'pg';
import type { PostgresUpstream } from '../connection.js';

export class ControlConnection {
  readonly #upstream: PostgresUpstream;
  readonly #timeoutMs: number;
  #client: Promise<pg.Client> | undefined;

  constructor(upstream: PostgresUpstream, timeoutMs: number) {
    this.#upstream = upstream;
    this.#timeoutMs = timeoutMs;
  }

  async query<Row extends pg.QueryResultRow>(text: string): Promise<readonly Row[]> {
    const client = await (this.#client ??= this.#open());
    const { rows } = await client.query<Row>(text);
    return rows;
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await (await client?.catch(() => undefined))?.end().catch(() => undefined);
  }

  async #open(): Promise<pg.Client> {
    try {
      const client = new pg.Client(this.#config());
      const forget = (): void => void (this.#client = undefined);
      client.on('error', forget);
      client.on('end', forget);
      await client.connect();
      return client;
    } catch (cause) {
      // Fails closed: without an answer there is no catalog; the next question tries again.
      this.#client = undefined;
      throw cause;
    }
  }

  #config(): pg.ClientConfig {
    const { host, port, database, user, tls } = this.#upstream;
    const servername = tls === 'off' ? host : (tls.servername ?? host);
    return {
      host,
      port,
      database,
      user,
      password: () => this.#upstream.password(),
      application_name: 'sluice catalog',
      options: '-c default_transaction_read_only=on',
      statement_timeout: this.#timeoutMs,
      query_timeout: this.#timeoutMs,
      connectionTimeoutMillis: this.#timeoutMs,
      ssl:
        tls === 'off'
          ? false
          : {
              rejectUnauthorized: true,
              host: servername,
              ...(isIP(servername) === 0 && { servername }),
              ...(tls.ca !== undefined && { ca: tls.ca }),
            },
    };
  }
}
