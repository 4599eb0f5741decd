/**
 * JSON with exactly one accepted spelling: what `JSON.stringify` writes. Duplicate members (which parsers resolve
 * differently), spaces and odd numbers do not survive the round trip, so they are refused.
 */
import { refusal } from './refusal.js';
import type { BUNDLE_ERRORS } from '@sluice/schemas';

export function readCanonicalJson(
  bytes: Uint8Array,
  what: string,
  error: keyof typeof BUNDLE_ERRORS,
): unknown {
  let value: unknown;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    // Fail closed: what is no JSON says nothing.
    throw refusal(error, `${what} is no JSON`, { cause });
  }
  if (JSON.stringify(value) !== text) {
    throw refusal(error, `${what} is not in canonical form, free of spaces and duplicate members`);
  }
  return value;
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** True when `value` has all of `required`, and of the rest only `optional`. */
export function hasMembers(
  value: unknown,
  required: readonly string[],
  optional: readonly string[] = [],
): value is Readonly<Record<string, unknown>> {
  if (!isObject(value)) return false;
  return (
    required.every((name) => Object.hasOwn(value, name)) &&
    Object.keys(value).every((name) => required.includes(name) || optional.includes(name))
  );
}

export const isText = (value: unknown): value is string => typeof value === 'string';

export const isTextList = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every(isText);

export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
