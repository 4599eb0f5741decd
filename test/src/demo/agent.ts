/** The agent of the demo: a plain PostgreSQL client with its access token as the password. */
import pg from 'pg';
import type { Cell, Narrator, Row } from './narrator.js';

export interface AgentOptions {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly token: string;
  /** PEM certificate that the enforcer is known by. */
  readonly trust: string;
  readonly intent: string;
}

export interface Answer {
  readonly command: string;
  readonly count: number;
  readonly rows: readonly Row[];
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
  /** All that reached the client, for looking at what must not be in it. */
  readonly text: string;
}

export class Agent {
  readonly #client: pg.Client;

  private constructor(
    client: pg.Client,
    private readonly narrator: Narrator,
  ) {
    this.#client = client;
  }

  static async connect(options: AgentOptions, narrator: Narrator): Promise<Agent> {
    const client = new pg.Client({
      host: options.host,
      port: options.port,
      database: options.database,
      user: options.user,
      password: options.token,
      application_name: options.intent,
      ssl: { ca: options.trust },
    });
    // A connection that breaks between two statements shows in the next one.
    client.on('error', () => undefined);
    client.on('notice', ({ message }) => {
      if (message !== undefined) narrator.notice(message);
    });
    await client.connect();
    return new Agent(client, narrator);
  }

  /** Runs one statement on the one connection and prints what came back. */
  async runs(statement: string): Promise<Answer> {
    this.narrator.enters('agent', statement);
    const answer = await this.asks(statement);
    this.shows(answer);
    return answer;
  }

  shows({ command, count, rows, error }: Answer): void {
    if (error) this.narrator.refusal(error.code, error.message, error.hint);
    else if (command === 'SELECT') this.narrator.rows(rows);
    else this.narrator.output(`${command} ${count}`);
  }

  /** Runs one statement without a word. */
  async asks(statement: string): Promise<Answer> {
    try {
      const { command, rowCount, rows } = await this.#client.query<Record<string, Cell>>(statement);
      return { command, count: rowCount ?? 0, rows, text: JSON.stringify(rows) };
    } catch (cause) {
      if (!(cause instanceof pg.DatabaseError)) throw cause;
      const { code = '', message, hint } = cause;
      const error = { code, message, ...(hint !== undefined && { hint }) };
      return {
        command: '',
        count: 0,
        rows: [],
        error,
        text: JSON.stringify([message, Object.entries(cause)]),
      };
    }
  }

  async end(): Promise<void> {
    await this.#client.end();
  }
}
