/** The first message of a connection, the only kind without a type byte. */
import { BodyReader, MalformedBody } from './body-reader.js';
import { STARTUP_CODE } from './message-types.js';

/** PostgreSQL's own cap (MAX_STARTUP_PACKET_LENGTH). */
export const STARTUP_LIMIT_BYTES = 10_000;

export type StartupPacket =
  | { readonly kind: 'ssl' }
  | { readonly kind: 'gssenc' }
  | { readonly kind: 'cancel'; readonly processId: number; readonly secret: number }
  | { readonly kind: 'startup'; readonly minor: number; readonly parameters: ReadonlyMap<string, string> };

/** Checks the length, the first four bytes, before anything is read by it. Undefined: impossible. */
export function startupLength(header: Buffer): number | undefined {
  const length = header.readUInt32BE(0);
  return length >= 8 && length <= STARTUP_LIMIT_BYTES ? length : undefined;
}

/** code u32, then by code: nothing, or a key, or (name text, value text)*, 0 */
export function decodeStartup(body: Buffer): StartupPacket {
  const reader = new BodyReader(body, 0, body.length);
  const code = reader.uint32();
  if (code === STARTUP_CODE.sslRequest) return (reader.done(), { kind: 'ssl' });
  if (code === STARTUP_CODE.gssEncRequest) return (reader.done(), { kind: 'gssenc' });
  if (code === STARTUP_CODE.cancelRequest) {
    const key = { processId: reader.int32(), secret: reader.int32() };
    reader.done();
    return { kind: 'cancel', ...key };
  }
  if (code >>> 16 !== 3) throw new MalformedBody('only protocol 3 is spoken here');
  const parameters = new Map<string, string>();
  for (let name = reader.text(); name !== ''; name = reader.text()) {
    if (parameters.has(name)) throw new MalformedBody('a startup parameter is given twice');
    parameters.set(name, reader.text());
  }
  reader.done();
  return { kind: 'startup', minor: code & 0xffff, parameters };
}
