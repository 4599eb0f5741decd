/**
 * The one accepted form of a bundle file, written once for reader and writer.
 *
 *   gzip   10 bytes GZIP_HEADER | deflate stream | CRC-32 u32le | length u32le         nothing after
 *   tar    (header 512 | content | zeros to 512) for each entry, in order of ENTRIES | 1024 zeros
 *
 *   ustar header   name 100 | mode 8 | uid 8 | gid 8 | size 12 | mtime 12 | checksum 8 | type 1 | link 100
 *                  | "ustar\0" "00" | owner 32 | group 32 | device 8 8 | prefix 155 | zeros 12
 *
 * Only name and size vary, so a header is accepted when it equals the one that the writer would have written:
 * links, directories, owners, times and the many dialects of tar cannot be spelled at all.
 */

import * as zlib from 'node:zlib';

/** Every entry of a signed bundle, in order. */
export const ENTRIES = [
  '.manifest',
  'policy.wasm',
  'plan.bin',
  'rules.json',
  'smoke.json',
  '.signatures.json',
] as const;
export type EntryName = (typeof ENTRIES)[number];

export const SIGNATURES_ENTRY = '.signatures.json';
/** What a signature covers: everything but itself. */
export const SIGNED_ENTRIES = ENTRIES.filter((name) => name !== SIGNATURES_ENTRY);

/** Checked before anything is unpacked, and while unpacking. */
export const BUNDLE_LIMIT_BYTES = 32 * 1024 * 1024;
export const UNPACKED_LIMIT_BYTES = 128 * 1024 * 1024;

/** Deflate, no flags, no time, unknown system: the same wherever it is written. */
export const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
export const GZIP_TRAILER_BYTES = 8;

export const BLOCK_BYTES = 512;
/** The two blocks of zeros that end a tar. */
export const END_BYTES = 2 * BLOCK_BYTES;
export const NAME_BYTES = 100;
export const SIZE_OFFSET = 124;
export const TYPE_OFFSET = 156;

const CHECKSUM_OFFSET = 148;
const CHECKSUM_BYTES = 8;

export const paddingOf = (sizeBytes: number): number =>
  (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;

/** The header of a regular file. */
export function tarHeader(name: string, sizeBytes: number): Uint8Array {
  const header = new Uint8Array(BLOCK_BYTES);
  const put = (offset: number, text: string): void => header.set(new TextEncoder().encode(text), offset);
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');
  put(0, name);
  put(100, '0000644\0');
  put(108, '0000000\0');
  put(116, '0000000\0');
  put(SIZE_OFFSET, `${octal(sizeBytes, 11)}\0`);
  put(136, '00000000000\0');
  put(CHECKSUM_OFFSET, ' '.repeat(CHECKSUM_BYTES));
  put(TYPE_OFFSET, '0');
  put(257, 'ustar\x0000');
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(CHECKSUM_OFFSET, `${octal(sum, 6)}\0 `);
  return header;
}

/** CRC-32 as gzip uses it (RFC 1952, section 8). Node before 20.15 has none. */
export const crc32: (bytes: Uint8Array) => number =
  'crc32' in zlib ? (bytes) => zlib.crc32(bytes) : crc32ByTable;

export function crc32ByTable(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (table[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});
