/** Decodes the client's messages of the extended protocol. Each throws `MalformedBody` when the body lies about itself. */
import { BodyReader, MalformedBody, decodeUtf8 } from './body-reader.js';

/** A body to decode: `start` is the first byte after the length. */
export interface Body {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}

const readerOf = ({ buffer, start, end }: Body): BodyReader => new BodyReader(buffer, start, end);

/** Query: text */
export function decodeQuery(body: Body): string {
  const reader = readerOf(body);
  const text = reader.text();
  reader.done();
  return text;
}

export interface ParseMessage {
  readonly statement: string;
  readonly text: string;
  /** OIDs; 0 where the client leaves the type open. */
  readonly parameterTypes: readonly number[];
}

/** Parse: statement text, query text, count u16, parameter type u32 each */
export function decodeParse(body: Body): ParseMessage {
  const reader = readerOf(body);
  const statement = reader.text();
  const text = reader.text();
  const parameterTypes = Array.from({ length: reader.count(4) }, () => reader.uint32());
  reader.done();
  return { statement, text, parameterTypes };
}

export type ParameterValue = string | Uint8Array | null;

export interface BindMessage {
  readonly portal: string;
  readonly statement: string;
  readonly parameters: readonly ParameterValue[];
}

/**
 * Bind: portal text, statement text,
 *   count u16, format i16 each (0 text, 1 binary; none: all text; one: for all),
 *   count u16, per parameter: length i32 (-1 is null), bytes,
 *   count u16, result format i16 each
 */
export function decodeBind(body: Body): BindMessage {
  const reader = readerOf(body);
  const portal = reader.text();
  const statement = reader.text();
  const formats = Array.from({ length: reader.count(2) }, () => format(reader));
  const count = reader.count(4);
  if (formats.length > 1 && formats.length !== count) {
    throw new MalformedBody('there are not as many formats as parameters');
  }
  const parameters = Array.from({ length: count }, (_, index) =>
    parameter(reader, (formats.length > 1 ? formats[index] : formats[0]) === 1),
  );
  for (let left = reader.count(2); left > 0; left--) format(reader);
  reader.done();
  return { portal, statement, parameters };
}

function format(reader: BodyReader): number {
  const value = reader.int16();
  if (value !== 0 && value !== 1) throw new MalformedBody('a format is neither text nor binary');
  return value;
}

function parameter(reader: BodyReader, binary: boolean): ParameterValue {
  const length = reader.int32();
  if (length === -1) return null;
  const bytes = reader.bytes(length);
  // Copied: a portal outlives the chunk that brought it.
  return binary ? new Uint8Array(bytes) : decodeUtf8(bytes);
}

export interface TargetMessage {
  readonly target: 'statement' | 'portal';
  readonly name: string;
}

/** Describe and Close: 'S' or 'P' u8, name text */
export function decodeTarget(body: Body): TargetMessage {
  const reader = readerOf(body);
  const kind = String.fromCharCode(reader.byte());
  const name = reader.text();
  reader.done();
  if (kind === 'S') return { target: 'statement', name };
  if (kind === 'P') return { target: 'portal', name };
  throw new MalformedBody('the target is neither a statement nor a portal');
}

/** Execute: portal text, most rows i32 (0: all). How many rows is between the client and the backend. */
export function decodeExecute(body: Body): { readonly portal: string } {
  const reader = readerOf(body);
  const portal = reader.text();
  reader.int32();
  reader.done();
  return { portal };
}
