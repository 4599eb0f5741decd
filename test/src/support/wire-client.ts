/** A client that says exactly the bytes it is told, for what drivers would never send. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { GOOD_TOKEN } from './memory-ports.js';

export interface WireMessage {
  readonly type: string;
  /** Without type and length. */
  readonly body: Buffer;
}

/** type u8, length i32, body */
export function frame(type: string, ...parts: readonly (string | Buffer)[]): Buffer {
  const body = Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(`${part}\0`) : part)),
  );
  const header = Buffer.alloc(5);
  header.write(type, 'latin1');
  header.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
}

export const int16 = (value: number): Buffer => Buffer.from([(value >> 8) & 255, value & 255]);
export const int32 = (value: number): Buffer => {
  const four = Buffer.alloc(4);
  four.writeInt32BE(value);
  return four;
};

export function startup(parameters: Readonly<Record<string, string>>, minor = 0): Buffer {
  const texts = Object.entries(parameters).flat();
  const body = Buffer.concat([
    int16(3),
    int16(minor),
    ...texts.map((text) => Buffer.from(`${text}\0`)),
    Buffer.from([0]),
  ]);
  return Buffer.concat([int32(body.length + 4), body]);
}

export const query = (text: string): Buffer => frame('Q', text);
export const parse = (name: string, text: string): Buffer => frame('P', name, text, int16(0));
export const bind = (portal: string, statement: string, ...values: readonly string[]): Buffer =>
  frame(
    'B',
    portal,
    statement,
    int16(0),
    int16(values.length),
    ...values.flatMap((value) => [int32(Buffer.byteLength(value)), Buffer.from(value)]),
    int16(0),
  );
export const describe = (kind: 'S' | 'P', name: string): Buffer => frame('D', Buffer.from(kind), name);
export const execute = (portal: string, rows = 0): Buffer => frame('E', portal, int32(rows));
export const close = (kind: 'S' | 'P', name: string): Buffer => frame('C', Buffer.from(kind), name);
export const sync = (): Buffer => frame('S');

/** Fields of an ErrorResponse or NoticeResponse by letter. */
export function fieldsOf(body: Buffer): Record<string, string> {
  const texts = body.toString('utf8').split('\0').filter(Boolean);
  return Object.fromEntries(texts.map((text) => [text[0] ?? '', text.slice(1)]));
}

export class WireClient {
  readonly messages: WireMessage[] = [];
  /** Everything that was received, in order. */
  received = Buffer.alloc(0);
  ended = false;
  #rest: Buffer = Buffer.alloc(0);
  #wake: (() => void) | undefined;

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    for (const event of ['end', 'close', 'error']) socket.on(event, () => this.#end());
  }

  static async open(port: number): Promise<WireClient> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new WireClient(socket);
  }

  /** Logs in and waits for ReadyForQuery. */
  static async login(port: number, parameters: Readonly<Record<string, string>> = {}): Promise<WireClient> {
    const client = await WireClient.open(port);
    client.send(startup({ user: 'u', database: 'shop-db', ...parameters }));
    await client.until('R');
    client.send(frame('p', GOOD_TOKEN));
    await client.until('Z');
    client.messages.length = 0;
    return client;
  }

  send(...messages: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(messages));
  }

  /** All messages up to and including the `count`th of `type`; takes them away. Rejects when the stream ends before. */
  async until(type: string, count = 1): Promise<readonly WireMessage[]> {
    for (;;) {
      const places = this.messages.flatMap((message, index) => (message.type === type ? [index] : []));
      const last = places[count - 1];
      if (last !== undefined) return this.messages.splice(0, last + 1);
      if (this.ended) throw new Error(`the connection ended before \`${type}\`: ${this.types()}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Sends, and gives the types of the answers up to `ready` ReadyForQuery messages, and the messages. */
  async ask(
    messages: readonly Buffer[],
    ready = 1,
  ): Promise<{ types: string; messages: readonly WireMessage[] }> {
    this.send(...messages);
    const answers = await this.until('Z', ready);
    return { types: answers.map(({ type }) => type).join(''), messages: answers };
  }

  /** Resolves when the other side has closed. */
  async closed(): Promise<void> {
    while (!this.ended) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  types(): string {
    return this.messages.map(({ type }) => type).join('');
  }

  destroy(): void {
    this.socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.received = Buffer.concat([this.received, chunk]);
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 5 && this.#rest.length > this.#rest.readUInt32BE(1)) {
      const end = this.#rest.readUInt32BE(1) + 1;
      this.messages.push({ type: this.#rest.toString('latin1', 0, 1), body: this.#rest.subarray(5, end) });
      this.#rest = this.#rest.subarray(end);
    }
    this.#rouse();
  }

  #end(): void {
    this.ended = true;
    this.#rouse();
  }

  #rouse(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

export const errorOf = (messages: readonly WireMessage[]): Record<string, string> =>
  fieldsOf(messages.find(({ type }) => type === 'E')?.body ?? Buffer.alloc(0));

/** Status byte of the last ReadyForQuery. */
export const statusOf = (messages: readonly WireMessage[]): string =>
  messages.findLast(({ type }) => type === 'Z')?.body.toString('latin1') ?? '';
