/**
 * The enforcer's own connection to a backend, apart from those of clients: it reads the catalog and asks for
 * plans. Read-only, every question bounded in time and size. It is opened when it is needed and again after it
 * broke. It speaks the protocol by the same codec as the sessions, so that no backend can do more than fail it.
 */
import { decodeReport } from '../codec/backend-messages.js';
import { BodyReader } from '../codec/body-reader.js';
import { MessageReader } from '../codec/message-reader.js';
import { BACKEND, typeName } from '../codec/message-types.js';
import { query, terminate } from '../codec/message-writer.js';
import type { PostgresUpstream } from '../connection.js';
import { loginToBackend, type Backend } from '../login/backend-login.js';
import type { BackendSocket } from '../login/open-upstream.js';

/** A catalog of a hundred thousand columns has some 20 MB. */
const ANSWER_LIMIT_BYTES = 256 * 1024 * 1024;

export class ControlConnection {
  readonly #upstream: PostgresUpstream;
  readonly #timeoutMs: number;
  #backend: Promise<Backend> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(upstream: PostgresUpstream, timeoutMs: number) {
    this.#upstream = upstream;
    this.#timeoutMs = timeoutMs;
  }

  /** First column of each row. One question at a time; rejects with what the backend said, or when it broke. */
  query(text: string): Promise<readonly string[]> {
    const answer = this.#last.then(() => this.#ask(text));
    // Only for the order: whoever asked gets the failure from `answer`.
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async close(): Promise<void> {
    await this.#last;
    // One that never opened needs no closing.
    const backend = await this.#backend?.catch(() => undefined);
    this.#backend = undefined;
    backend?.socket.end(terminate());
    backend?.socket.destroySoon();
  }

  async #ask(text: string): Promise<readonly string[]> {
    const { socket } = await (this.#backend ??= this.#open());
    const late = setTimeout(() => socket.destroy(), this.#timeoutMs);
    try {
      const answer = await this.#listen(socket, text);
      if (answer.error !== undefined) throw new BackendError(answer.error);
      return answer.values;
    } catch (cause) {
      // Fails closed: a connection in an unknown state is not used again.
      if (!(cause instanceof BackendError)) {
        this.#backend = undefined;
        socket.destroy();
      }
      throw cause;
    } finally {
      clearTimeout(late);
    }
  }

  #listen(socket: BackendSocket, text: string): Promise<Answer> {
    const answer = new Answer();
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        socket.off('data', take).off('close', closed);
        socket.pause();
        settle();
      };
      const closed = (): void => end(() => reject(new Error('the backend closed the connection')));
      const take = (chunk: Buffer): void => {
        try {
          answer.take(chunk);
          if (answer.isComplete) end(() => resolve(answer));
        } catch (cause) {
          // Fails closed: what cannot be understood is no answer.
          end(() => reject(cause instanceof Error ? cause : new Error(String(cause))));
        }
      };
      if (socket.destroyed) return closed();
      socket.on('data', take).on('close', closed);
      socket.resume();
      socket.write(query(text));
    });
  }

  async #open(): Promise<Backend> {
    try {
      const settings = { application_name: 'sluice catalog', default_transaction_read_only: 'on' };
      const timeout = { statement_timeout: String(this.#timeoutMs) };
      return await loginToBackend(this.#upstream, { ...settings, ...timeout }, this.#timeoutMs);
    } catch (cause) {
      // Fails closed: without an answer there is no catalog; the next question tries again.
      this.#backend = undefined;
      throw cause;
    }
  }
}

/** The backend answered, and is ready for the next question. */
class BackendError extends Error {
  override readonly name = 'BackendError';
}

/** Messages that may come with the answer to a question of ours and say nothing that is needed. */
const PASSED_OVER: ReadonlySet<number> = new Set([
  BACKEND.rowDescription,
  BACKEND.commandComplete,
  BACKEND.notice,
  BACKEND.parameterStatus,
]);

/** What the backend says until it is ready again. */
class Answer {
  readonly values: string[] = [];
  error: string | undefined;
  isComplete = false;
  readonly #reader = new MessageReader(() => ANSWER_LIMIT_BYTES);

  take(chunk: Buffer): void {
    const reader = this.#reader;
    reader.feed(chunk);
    for (let outcome = reader.next(); outcome !== 'more'; outcome = reader.next()) {
      if (outcome !== 'message' || this.isComplete) throw new Error('the backend broke the protocol');
      const { type, buffer, start, end } = reader;
      const body = { buffer, start: start + 5, end };
      if (type === BACKEND.dataRow) this.values.push(firstValue(new BodyReader(buffer, body.start, end)));
      else if (type === BACKEND.readyForQuery) this.isComplete = true;
      else if (type === BACKEND.error) {
        const fields = decodeReport(body);
        this.error ??= `${fields.get('C')} ${fields.get('M')}`;
      } else if (!PASSED_OVER.has(type)) throw new Error(`the backend sent \`${typeName(type)}\``);
    }
  }
}

/** DataRow: count u16, per field: length i32 (-1 is NULL), bytes */
function firstValue(reader: BodyReader): string {
  if (reader.count(4) === 0) return '';
  const length = reader.int32();
  return length === -1 ? '' : reader.bytes(length).toString('utf8');
}
