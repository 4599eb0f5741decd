/**
 * A text as its UTF-8 bytes, one character of U+0000 to U+00FF for each. The parse tree counts in bytes; in this
 * form its offsets are plain indexes of a string, and a text of ASCII alone is its own byte text.
 */
export type ByteText = string & { readonly __brand: 'ByteText' };

export const isAscii = (text: string): boolean => Buffer.byteLength(text) === text.length;

export const toBytes = (text: string): ByteText =>
  (isAscii(text) ? text : Buffer.from(text).toString('latin1')) as ByteText;

/** The text of a piece of a byte text that begins and ends between characters. */
export const fromBytes = (bytes: string): string =>
  isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');
