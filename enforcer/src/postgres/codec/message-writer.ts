/** Builds the few messages that Sluice itself says, to clients and to backends. */
import { BACKEND, FRONTEND } from './message-types.js';

/** A number is a byte, `int16`/`int32` say their width; a string is written with its terminating zero. */
export type Part = string | Buffer | { readonly int16: number } | { readonly int32: number };

export const int16 = (value: number): Part => ({ int16: value });
export const int32 = (value: number): Part => ({ int32: value });

/** type u8, length i32 (itself included), parts */
export function message(type: number, ...parts: readonly Part[]): Buffer {
  const body = parts.map(bytesOf);
  const length = body.reduce((sum, part) => sum + part.length, 4);
  const header = Buffer.allocUnsafe(5);
  header[0] = type;
  header.writeUInt32BE(length, 1);
  return Buffer.concat([header, ...body], length + 1);
}

function bytesOf(part: Part): Buffer {
  if (typeof part === 'string') return Buffer.from(`${part}\0`, 'utf8');
  if (Buffer.isBuffer(part)) return part;
  if ('int16' in part) {
    const two = Buffer.allocUnsafe(2);
    two.writeInt16BE(part.int16);
    return two;
  }
  const four = Buffer.allocUnsafe(4);
  four.writeInt32BE(part.int32);
  return four;
}

// To clients.
export const authenticationOk = (): Buffer => message(BACKEND.authentication, int32(0));
export const authenticationCleartext = (): Buffer => message(BACKEND.authentication, int32(3));
export const parameterStatus = (name: string, value: string): Buffer =>
  message(BACKEND.parameterStatus, name, value);
export const backendKeyData = (processId: number, secret: number): Buffer =>
  message(BACKEND.backendKeyData, int32(processId), int32(secret));
export const negotiateVersion = (minor: number, unknownOptions: readonly string[]): Buffer =>
  message(BACKEND.negotiateVersion, int32(minor), int32(unknownOptions.length), ...unknownOptions);
export const readyForQuery = (status: number): Buffer =>
  message(BACKEND.readyForQuery, Buffer.from([status]));

// To backends.
export const query = (text: string): Buffer => message(FRONTEND.query, text);
export const parse = (name: string, text: string, parameterTypes: readonly number[]): Buffer =>
  message(FRONTEND.parse, name, text, int16(parameterTypes.length), ...parameterTypes.map(oid));
export const describePortal = (name: string): Buffer => message(FRONTEND.describe, Buffer.from('P'), name);
export const copyFail = (reason: string): Buffer => message(FRONTEND.copyFail, reason);
export const terminate = (): Buffer => message(FRONTEND.terminate);

/** An OID is unsigned; the bits are the same. */
const oid = (value: number): Part => int32(value | 0);
