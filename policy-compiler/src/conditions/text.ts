/** Strings as CEL has them: sequences of code points. JavaScript's own comparison goes by UTF-16 code units. */

/** Negative, zero or positive, by code points; UTF-8 keeps their order. */
export function compareText(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

/** Code points of a text. */
export const lengthOf = (text: string): number => Array.from(text).length;

/** The same text with each lone half of a surrogate pair replaced, as it becomes when it is written as UTF-8. */
export const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd');
