/** Entries to the bytes of a bundle file, in the one form drawn in the engine's `bundle/layout.ts`. */
import { deflateRawSync } from 'node:zlib';
import {
  BUNDLE_LIMIT_BYTES,
  crc32,
  END_BYTES,
  ENTRIES,
  GZIP_HEADER,
  paddingOf,
  tarHeader,
  UNPACKED_LIMIT_BYTES,
  type EntryName,
} from '@sluice/engine';
import { BUNDLE_ERRORS, SluiceError } from '@sluice/schemas';

/**
 * The same entries give the same bytes. Another release of the compression library may compress differently: what
 * is compared across machines is `contentDigest`, never the file.
 */
export function writeArchive(entries: ReadonlyMap<EntryName, Uint8Array>): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const name of ENTRIES) {
    const content = entries.get(name);
    if (content === undefined) continue;
    parts.push(tarHeader(name, content.length), content, new Uint8Array(paddingOf(content.length)));
  }
  const tar = Buffer.concat([...parts, new Uint8Array(END_BYTES)]);
  const bytes = gzip(tar);
  if (tar.length > UNPACKED_LIMIT_BYTES || bytes.length > BUNDLE_LIMIT_BYTES) {
    const message = `the bundle has ${bytes.length} bytes, ${tar.length} unpacked; at most ${BUNDLE_LIMIT_BYTES}, ${UNPACKED_LIMIT_BYTES} unpacked, are accepted`;
    throw new SluiceError(BUNDLE_ERRORS.bundle_too_large, message);
  }
  return bytes;
}

function gzip(content: Uint8Array): Uint8Array {
  const trailer = new DataView(new ArrayBuffer(8));
  trailer.setUint32(0, crc32(content), true);
  trailer.setUint32(4, content.length, true);
  // Tables repeat themselves so much that a higher level takes several times as long and saves nothing.
  const deflated = deflateRawSync(content, { level: 6 });
  return new Uint8Array(Buffer.concat([GZIP_HEADER, deflated, new Uint8Array(trailer.buffer)]));
}
