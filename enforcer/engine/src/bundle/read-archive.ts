/** Bytes of a bundle file to entries. Accepts exactly the form drawn in `layout.ts`; verifies nothing else. */
import { inflateRawSync } from 'node:zlib';
import {
  BLOCK_BYTES,
  BUNDLE_LIMIT_BYTES,
  crc32,
  END_BYTES,
  ENTRIES,
  GZIP_HEADER,
  GZIP_TRAILER_BYTES,
  NAME_BYTES,
  paddingOf,
  SIZE_OFFSET,
  tarHeader,
  TYPE_OFFSET,
  UNPACKED_LIMIT_BYTES,
  type EntryName,
} from './layout.js';
import { refusal } from './refusal.js';

/** The entries that are there, in canonical order; which of them must be there is for the caller to say. */
export type Entries = ReadonlyMap<EntryName, Uint8Array>;

export function readArchive(bytes: Uint8Array): Entries {
  if (bytes.length > BUNDLE_LIMIT_BYTES) {
    throw refusal(
      'bundle_too_large',
      `the bundle has ${bytes.length} bytes, at most ${BUNDLE_LIMIT_BYTES} are read`,
    );
  }
  return readTar(unzip(bytes));
}

function unzip(bytes: Uint8Array): Uint8Array {
  if (!equal(bytes.subarray(0, GZIP_HEADER.length), GZIP_HEADER)) {
    throw refusal(
      'bundle_malformed',
      'the bundle does not begin with the header of a gzip file as `sluice` writes it',
    );
  }
  const end = bytes.length - GZIP_TRAILER_BYTES;
  const { content, consumed } = inflate(
    bytes.subarray(GZIP_HEADER.length, Math.max(end, GZIP_HEADER.length)),
  );
  if (GZIP_HEADER.length + consumed !== end) {
    throw refusal('bundle_malformed', 'data follows the end of the gzip stream');
  }
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + end, GZIP_TRAILER_BYTES);
  if (trailer.getUint32(0, true) !== crc32(content) || trailer.getUint32(4, true) !== content.length) {
    throw refusal('bundle_malformed', 'the checksum or length of the gzip stream is wrong');
  }
  return content;
}

function inflate(deflated: Uint8Array): { content: Uint8Array; consumed: number } {
  try {
    const options = { maxOutputLength: UNPACKED_LIMIT_BYTES, info: true };
    // With `info` the answer is this pair, which the type of the function does not say.
    const answer = inflateRawSync(deflated, options) as unknown as {
      buffer: Uint8Array;
      engine: { bytesWritten: number };
    };
    return { content: answer.buffer, consumed: answer.engine.bytesWritten };
  } catch (cause) {
    // Fail closed: nothing of a stream that is broken, cut short or too long when unpacked is used.
    if (cause instanceof RangeError) {
      const message = `the bundle has more than ${UNPACKED_LIMIT_BYTES} bytes when unpacked`;
      throw refusal('bundle_too_large', message, { cause });
    }
    throw refusal('bundle_malformed', 'the gzip stream is broken or cut short', { cause });
  }
}

function readTar(tar: Uint8Array): Entries {
  const entries = new Map<EntryName, Uint8Array>();
  let offset = 0;
  let expected = 0;
  while (!isZero(tar.subarray(offset, offset + BLOCK_BYTES))) {
    const { name, sizeBytes } = readHeader(tar.subarray(offset, offset + BLOCK_BYTES));
    const place = placeOf(name, expected, entries);
    expected = place + 1;
    const start = offset + BLOCK_BYTES;
    const end = start + sizeBytes;
    offset = end + paddingOf(sizeBytes);
    if (offset + END_BYTES > tar.length) {
      throw refusal('bundle_malformed', `the archive ends inside the entry \`${name}\``);
    }
    if (!isZero(tar.subarray(end, offset))) {
      throw refusal('bundle_malformed', `the entry \`${name}\` is followed by something other than zeros`);
    }
    entries.set(name, tar.subarray(start, end));
  }
  if (tar.length !== offset + END_BYTES || !isZero(tar.subarray(offset))) {
    throw refusal('bundle_malformed', 'the archive does not end with exactly two blocks of zeros');
  }
  return entries;
}

function readHeader(header: Uint8Array): { name: EntryName; sizeBytes: number } {
  if (header.length < BLOCK_BYTES) throw refusal('bundle_malformed', 'the archive ends inside a header');
  const ascii = Buffer.from(header).toString('latin1');
  const text = ascii.slice(0, NAME_BYTES).replace(/\0+$/, '');
  if (header[TYPE_OFFSET] !== '0'.charCodeAt(0)) {
    throw refusal('bundle_entry_refused', `the entry ${quote(text)} is no regular file`);
  }
  const name = ENTRIES.find((candidate) => candidate === text);
  if (name === undefined) {
    const names = ENTRIES.map((entry) => `\`${entry}\``).join(', ');
    throw refusal('bundle_entry_refused', `the entry ${quote(text)} is unknown, expected only ${names}`);
  }
  const size = /^[0-7]{11}/.exec(ascii.slice(SIZE_OFFSET))?.[0];
  const sizeBytes = size === undefined ? -1 : parseInt(size, 8);
  if (sizeBytes < 0 || !equal(header, tarHeader(name, sizeBytes))) {
    throw refusal('bundle_malformed', `the header of the entry \`${name}\` is not as \`sluice\` writes it`);
  }
  return { name, sizeBytes };
}

function placeOf(name: EntryName, expected: number, entries: Entries): number {
  if (entries.has(name)) throw refusal('bundle_entry_refused', `the entry \`${name}\` is there twice`);
  const place = ENTRIES.indexOf(name);
  if (place < expected) throw refusal('bundle_entry_refused', `the entry \`${name}\` is out of order`);
  return place;
}

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

const equal = (left: Uint8Array, right: Uint8Array): boolean => Buffer.compare(left, right) === 0;

/** A name from an unverified file, safe to print. */
const quote = (text: string): string => `\`${text.replace(/[^\x20-\x7e]|`/g, '?')}\``;
