import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { SluiceError } from '@sluice/schemas';
import { gzipOf, tarOf, utf8, type NamedEntry } from './forge.test.support.js';
import { BUNDLE_LIMIT_BYTES, crc32, crc32ByTable, GZIP_HEADER, UNPACKED_LIMIT_BYTES } from './layout.js';
import { readArchive } from './read-archive.js';

const MANIFEST: NamedEntry = ['.manifest', utf8('{}')];
const WASM: NamedEntry = ['policy.wasm', utf8('wasm')];

function refused(bytes: Uint8Array): string {
  try {
    readArchive(bytes);
  } catch (error) {
    assert.ok(error instanceof SluiceError, String(error));
    return `${error.definition.code} ${error.message}`;
  }
  return 'accepted';
}

function changed(bytes: Uint8Array, offset: number, text: string): Uint8Array {
  const copy = Buffer.from(bytes);
  copy.write(text, offset, 'latin1');
  return copy;
}

test('reads entries in order, whatever their length', () => {
  for (const length of [0, 1, 511, 512, 513, 100_000]) {
    const content = new Uint8Array(length).fill(65);
    const entries = readArchive(gzipOf(tarOf([MANIFEST, ['policy.wasm', content]])));
    assert.deepEqual([...entries.keys()], ['.manifest', 'policy.wasm']);
    assert.equal(Buffer.compare(entries.get('policy.wasm') ?? utf8('?'), content), 0);
  }
});

const tar = tarOf([MANIFEST, WASM]);
const zip = gzipOf(tar);
const member = gzipOf(new Uint8Array(0));

const CASES: readonly (readonly [what: string, bytes: Uint8Array, expected: RegExp])[] = [
  ['an empty file', new Uint8Array(0), /SLU3002 .*gzip/],
  ['a gzip header alone', GZIP_HEADER, /SLU3002/],
  ['another time in the gzip header', changed(zip, 4, '\x01'), /SLU3002 .*header of a gzip/],
  ['a file name in the gzip header', changed(zip, 3, '\x08'), /SLU3002 .*header of a gzip/],
  ['a file cut short', zip.subarray(0, -20), /SLU3002/],
  ['a byte after the end', Buffer.concat([zip, utf8('x')]), /SLU3002/],
  ['a second gzip member', Buffer.concat([zip, member]), /SLU3002 data follows/],
  ['an empty gzip member before', Buffer.concat([member, zip]), /SLU3002 data follows/],
  ['data hidden behind the deflate stream', hidden(), /SLU3002 data follows/],
  ['a wrong length', gzipOf(tar, tar.subarray(1)), /SLU3002 the checksum/],
  ['a wrong checksum', gzipOf(tar, changed(tar, 0, 'x')), /SLU3002 the checksum/],
  ['no entry at all', gzipOf(new Uint8Array(0)), /SLU3002 .*two blocks/],
  ['one block of zeros at the end', gzipOf(tar.subarray(0, -512)), /SLU3002 .*ends inside/],
  [
    'three blocks of zeros at the end',
    gzipOf(Buffer.concat([tar, new Uint8Array(512)])),
    /SLU3002 .*two blocks/,
  ],
  ['another archive after the end', gzipOf(Buffer.concat([tar, tar])), /SLU3002 .*two blocks/],
  [
    'an entry after a block of zeros',
    gzipOf(Buffer.concat([new Uint8Array(512), tar])),
    /SLU3002 .*two blocks/,
  ],
  ['an entry longer than the archive', gzipOf(tar.subarray(0, 512)), /SLU3002 .*ends inside/],
  ['half a header', gzipOf(tar.subarray(0, 300)), /SLU3002 .*ends inside a header/],
  ['padding other than zeros', gzipOf(changed(tar, 1000, 'x')), /SLU3002 .*other than zeros/],
  ['a wrong header checksum', gzipOf(changed(tar, 148, '000000')), /SLU3002 the header/],
  ['another owner', gzipOf(changed(tar, 265, 'root')), /SLU3002 the header/],
  ['a prefix before the name', gzipOf(changed(tar, 345, '/etc')), /SLU3002 the header/],
  ['a size in base 256', gzipOf(changed(tar, 124, '\x80')), /SLU3002 the header/],
  ['a hard link', gzipOf(tarOf([MANIFEST], '1')), /SLU3003 .*no regular file/],
  ['a symbolic link', gzipOf(tarOf([MANIFEST], '2')), /SLU3003 .*no regular file/],
  ['a device', gzipOf(tarOf([MANIFEST], '3')), /SLU3003 .*no regular file/],
  ['a directory', gzipOf(tarOf([MANIFEST], '5')), /SLU3003 .*no regular file/],
  ['a PAX header', gzipOf(tarOf([MANIFEST], 'x')), /SLU3003 .*no regular file/],
  ['a GNU long name', gzipOf(tarOf([MANIFEST], 'L')), /SLU3003 .*no regular file/],
  ['an old regular file (type NUL)', gzipOf(tarOf([MANIFEST], '\0')), /SLU3003 .*no regular file/],
  [
    'an absolute name',
    gzipOf(tarOf([['/policy.wasm', utf8('')]])),
    /SLU3003 the entry `\/policy.wasm` is unknown/,
  ],
  ['a name with two dots', gzipOf(tarOf([['../policy.wasm', utf8('')]])), /SLU3003 .*is unknown/],
  ['a name with a dot and a slash', gzipOf(tarOf([['./policy.wasm', utf8('')]])), /SLU3003 .*is unknown/],
  ['a name in capitals', gzipOf(tarOf([['POLICY.WASM', utf8('')]])), /SLU3003 .*is unknown/],
  [
    'a name with more behind a NUL',
    gzipOf(tarOf([['policy.wasm\0x', utf8('')]])),
    /SLU3003 .*`policy.wasm\?x` is unknown/,
  ],
  [
    'an unknown name',
    gzipOf(tarOf([MANIFEST, ['more.bin', utf8('')]])),
    /SLU3003 the entry `more.bin` is unknown/,
  ],
  ['an entry twice', gzipOf(tarOf([MANIFEST, WASM, WASM])), /SLU3003 .*twice/],
  ['entries out of order', gzipOf(tarOf([WASM, MANIFEST])), /SLU3003 .*out of order/],
  ['a file beyond the limit', new Uint8Array(BUNDLE_LIMIT_BYTES + 1), /SLU3001 .*bytes/],
  [
    'a small file that unpacks beyond the limit',
    gzipOf(new Uint8Array(UNPACKED_LIMIT_BYTES + 1)),
    /SLU3001 .*unpacked/,
  ],
];

/** Eight bytes between the deflate stream and a trailer that fits. */
function hidden(): Uint8Array {
  const deflated = deflateRawSync(tar);
  const trailer = zip.subarray(-8);
  return Buffer.concat([GZIP_HEADER, deflated, utf8('contents'), trailer]);
}

for (const [what, bytes, expected] of CASES) {
  test(`refuses ${what}`, () => assert.match(refused(bytes), expected));
}

test('refuses a bundle cut short anywhere', () => {
  for (let length = 0; length < zip.length; length++) {
    assert.match(refused(zip.subarray(0, length)), /^SLU3002/, `accepted the first ${length} bytes`);
  }
});

test('a bomb is refused without being unpacked', () => {
  const bomb = gzipOf(new Uint8Array(UNPACKED_LIMIT_BYTES + 1));
  assert.ok(bomb.length < 200_000);
  const before = process.memoryUsage().arrayBuffers;
  assert.match(refused(bomb), /SLU3001/);
  assert.ok(process.memoryUsage().arrayBuffers - before < UNPACKED_LIMIT_BYTES * 1.5);
});

test('both ways to a checksum agree with the published one', () => {
  // The check value of CRC-32 in the catalogue of its parameters.
  for (const checksum of [crc32, crc32ByTable]) {
    assert.equal(checksum(utf8('123456789')), 0xcbf43926);
    assert.equal(checksum(new Uint8Array(0)), 0);
  }
});
