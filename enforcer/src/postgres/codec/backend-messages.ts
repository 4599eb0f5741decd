/** Decodes the backend's messages that Sluice looks into. Each throws `MalformedBody` when the body lies about itself. */
import { BodyReader } from './body-reader.js';
import type { Body } from './client-messages.js';

const readerOf = ({ buffer, start, end }: Body): BodyReader => new BodyReader(buffer, start, end);

/** Where a result column comes from, as far as the backend tells: 0.0 is "computed". */
export interface FieldOrigin {
  readonly tableOid: number;
  readonly attribute: number;
}

/**
 * RowDescription: count u16, per field:
 *   name text, table OID u32, attribute i16, type OID u32, type size i16, type modifier i32, format i16
 */
export function decodeRowDescription(body: Body): readonly FieldOrigin[] {
  const reader = readerOf(body);
  const fields = Array.from({ length: reader.count(19) }, () => {
    reader.text();
    const origin = { tableOid: reader.uint32(), attribute: reader.int16() };
    reader.bytes(12);
    return origin;
  });
  reader.done();
  return fields;
}

/** Fields of an ErrorResponse or NoticeResponse by their letter, in the order of the wire. */
export type ReportFields = ReadonlyMap<string, string>;

/** ErrorResponse and NoticeResponse: (letter u8, text)*, 0 */
export function decodeReport(body: Body): ReportFields {
  const reader = readerOf(body);
  const fields = new Map<string, string>();
  for (let letter = reader.byte(); letter !== 0; letter = reader.byte()) {
    fields.set(String.fromCharCode(letter), reader.text());
  }
  reader.done();
  return fields;
}

/** ParameterStatus: name text, value text */
export function decodeParameterStatus(body: Body): { readonly name: string; readonly value: string } {
  const reader = readerOf(body);
  const status = { name: reader.text(), value: reader.text() };
  reader.done();
  return status;
}

/** CommandComplete: tag text, such as `SELECT 5` */
export function decodeTag(body: Body): string {
  const reader = readerOf(body);
  const tag = reader.text();
  reader.done();
  return tag;
}

/** ReadyForQuery: 'I' idle, 'T' in a transaction, 'E' in a failed one */
export function decodeStatus(body: Body): number {
  const reader = readerOf(body);
  const status = reader.byte();
  reader.done();
  return status;
}

/** BackendKeyData: process id i32, secret (4 bytes in protocol 3.0) */
export function decodeKeyData(body: Body): { readonly processId: number; readonly secret: number } {
  const reader = readerOf(body);
  const key = { processId: reader.int32(), secret: reader.int32() };
  reader.done();
  return key;
}
