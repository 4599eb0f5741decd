/**
 * One client, one backend, and what is between them: sockets, back-pressure, the ends. What the messages mean is
 * in `requests.ts` and `replies.ts`.
 */
import { REQUEST_ERRORS, type ErrorDefinition } from '@sluice/schemas';
import type { Ports, Session } from '../../pipeline/index.js';
import type { CatalogSource } from '../catalog/catalog-source.js';
import { terminate } from '../codec/message-writer.js';
import { report } from '../codec/report.js';
import type { PostgresUpstream } from '../connection.js';
import type { PostgresLimits } from '../limits.js';
import type { Backend } from '../login/backend-login.js';
import { cancelOnBackend } from '../login/cancel.js';
import type { ClientSocket } from '../login/client-login.js';
import { Provenance } from '../results/provenance.js';
import { sqlstateOf } from '../sqlstates.js';
import type { ClassifySql } from './classify-sql.js';
import { Conversation } from './conversation.js';
import { Outlet } from './outlet.js';
import { Replies } from './replies.js';
import { Requests } from './requests.js';
import type { RequestContext } from './sql-request.js';

export interface SessionOptions {
  readonly session: Session;
  readonly client: ClientSocket;
  readonly backend: Backend;
  readonly upstream: PostgresUpstream;
  readonly ports: Ports;
  readonly catalog: CatalogSource;
  readonly classify: ClassifySql;
  readonly settings: string;
  readonly limits: PostgresLimits;
  /** For the operator; never shown to the client. */
  readonly onFault: (message: string) => void;
  readonly onEnd: () => void;
}

/** How long a client may take to read its last message. */
const LINGER_MS = 2000;

export class PostgresSession {
  readonly #options: SessionOptions;
  readonly #talk = new Conversation();
  readonly #requests: Requests;
  readonly #replies: Replies;
  readonly #client: Outlet;
  readonly #backend: Outlet;
  #abort = new AbortController();
  #held = false;
  #cancelled = false;
  #over = false;
  #draining = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { session, ports, limits, catalog } = options;
    this.#client = new Outlet(options.client);
    this.#backend = new Outlet(options.backend.socket);
    const talk = this.#talk;
    this.#replies = new Replies({
      talk,
      client: this.#client,
      backend: this.#backend,
      provenance: new Provenance(session),
      catalog: () => catalog.current(),
      messageLimitBytes: limits.backendMessageBytes,
      cancel: () => this.#stopBackend(),
    });
    this.#requests = new Requests({
      talk,
      backend: this.#backend,
      session,
      ports,
      limits,
      context: () => this.#context(),
      judged: () => this.#judged(),
      end: (farewell) => this.end(farewell),
      isOver: () => this.#over,
    });
  }

  get session(): Session {
    return this.#options.session;
  }

  /** Nothing runs and nothing waits to be run; a transaction may be open. */
  get isIdle(): boolean {
    return this.#requests.isIdle && this.#talk.expectations.isEmpty;
  }

  /** Takes both sockets over. `rest` was read from the client with its password. */
  start(rest: Buffer): void {
    const { client, backend } = this.#options;
    client.on('data', (chunk: Buffer) => this.#fromClient(chunk));
    client.on('drain', () => backend.socket.resume());
    for (const event of ['end', 'close', 'error']) client.on(event, () => this.end());
    backend.socket.on('data', (chunk: Buffer) => this.#fromBackend(chunk));
    for (const event of ['end', 'close', 'error']) backend.socket.on(event, () => this.#backendEnded());
    if (backend.rest.length > 0) this.#fromBackend(backend.rest);
    if (rest.length > 0) this.#fromClient(rest);
    client.resume();
    backend.socket.resume();
  }

  /** The client asked to cancel what runs, over another connection. */
  cancel(): void {
    if (this.#held) {
      this.#cancelled = true;
      this.#abort.abort();
      return;
    }
    if (!this.#talk.expectations.isEmpty) void this.#askToCancel();
  }

  /** Ends when what runs has finished, at once when nothing does. */
  drain(): void {
    this.#draining = true;
    this.#endIfDrained();
  }

  /** Tells the client why and ends. */
  close(error: ErrorDefinition, message: string): void {
    const sqlstate = sqlstateOf(error);
    this.end(report({ severity: 'FATAL', sqlstate, message, hint: `${error.help} (${error.code})` }));
  }

  /** Ends both sides. Only whole messages were written, so `farewell` is one more. */
  end(farewell?: Buffer): void {
    if (this.#over) return;
    this.#over = true;
    this.#abort.abort();
    const { client, backend, onEnd } = this.#options;
    const owed = this.#talk.expectations.abandon();
    const runs = owed.flatMap((expectation) => ('run' in expectation ? [expectation.run] : []));
    for (const run of runs) run.complete('disconnected');
    if (farewell) this.#client.push(farewell);
    this.#client.flush();
    client.resume(); // what is left unread must not keep the socket open
    client.end();
    setTimeout(() => client.destroy(), LINGER_MS).unref();
    // A backend that is busy does not notice that its client left.
    if (runs.length > 0) void this.#askToCancel();
    backend.socket.resume();
    backend.socket.end(terminate());
    setTimeout(() => backend.socket.destroy(), runs.length > 0 ? LINGER_MS : 100).unref();
    onEnd();
  }

  #fromClient(chunk: Buffer): void {
    if (this.#over) return;
    const { client, limits } = this.#options;
    void this.#judge(chunk);
    if (this.#requests.inboxBytes > limits.inboxBytes) client.pause();
  }

  async #judge(chunk: Buffer): Promise<void> {
    const { client, limits } = this.#options;
    try {
      await this.#requests.take(chunk);
      if (this.#requests.inboxBytes <= limits.inboxBytes && client.isPaused()) client.resume();
      this.#endIfDrained();
    } catch (cause) {
      // Fails closed: a fault while refusing leaves nothing to trust.
      this.#fault(cause);
    }
  }

  #fromBackend(chunk: Buffer): void {
    if (this.#over) return;
    try {
      this.#replies.take(chunk);
    } catch (cause) {
      // Fails closed: what the backend says cannot be understood, so nothing of it may be passed on.
      this.#fault(cause);
      return;
    }
    if (this.#client.isFull) this.#options.backend.socket.pause();
    this.#endIfDrained();
  }

  #fault(cause: unknown): void {
    this.#options.onFault(cause instanceof Error ? cause.message : String(cause));
    const error = REQUEST_ERRORS.backend_unavailable;
    this.close(error, 'the session cannot go on');
  }

  #backendEnded(): void {
    if (this.#over) return;
    // It said why already.
    if (this.#replies.saidFatal) this.end();
    else this.close(REQUEST_ERRORS.backend_unavailable, 'the backend closed the connection');
  }

  #endIfDrained(): void {
    if (!this.#draining || this.#over || !this.isIdle) return;
    const error = REQUEST_ERRORS.shutting_down;
    this.close(error, error.title);
  }

  #context(): RequestContext {
    if (this.#abort.signal.aborted) this.#abort = new AbortController();
    this.#held = false;
    this.#cancelled = false;
    const { session, catalog, classify, settings } = this.#options;
    return {
      connection: session.connection,
      catalog,
      classify,
      settings,
      signal: this.#abort.signal,
      onWait: (approvalId) => this.#onWait(approvalId),
    };
  }

  #judged(): boolean {
    this.#held = false;
    return this.#cancelled;
  }

  /** What was permitted before must not wait with it. */
  #onWait(approvalId?: string): void {
    this.#backend.flush();
    if (approvalId === undefined || this.#over) return;
    this.#held = true;
    const message = `the statement waits for a person to approve it: ${approvalId}`;
    this.#client.push(report({ severity: 'NOTICE', sqlstate: '01000', message }));
    this.#client.flush();
  }

  /** Only when nothing else was sent that a late cancellation could hit; else the rest is merely not shown. */
  #stopBackend(): void {
    const [, ...behind] = this.#talk.expectations.all;
    if (behind.some((expectation) => 'run' in expectation) || this.#talk.cancelling) return;
    this.#talk.cancelling = this.#askToCancel().finally(() => (this.#talk.cancelling = undefined));
  }

  #askToCancel(): Promise<void> {
    const { upstream, backend, limits } = this.#options;
    return cancelOnBackend(upstream, backend, limits.backendConnectMs);
  }
}
