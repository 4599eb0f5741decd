/**
 * The tokens of plain texts, read here because the parser's own scanner answers with more JSON than the parser
 * itself. Plain is what most statements are made of: names, quoted names, strings without a prefix, simple numbers,
 * parameters, common operators, comments that do not nest. At anything else, or anything that could run together
 * with its neighbour in a way that takes the full rules to tell, the answer is undefined and the server's scanner
 * is asked. What is answered is exactly what that scanner says (src/backend/parser/scan.l of PostgreSQL).
 */
import type { ByteText } from './byte-text.js';

/** Start and end of each token in turn, in bytes of the UTF-8 text. Comments are left out. */
export type TokenOffsets = readonly number[];

const BLANK = 1;
const LETTER = 2;
const DIGIT = 3;
const SINGLE = 4;
const OPERATOR = 5;

/** What a byte may begin; bytes above ASCII are letters to PostgreSQL. */
const KINDS = new Uint8Array(256).fill(LETTER, 0x80);
for (const [kind, characters] of [
  [BLANK, ' \t\n\r\f\v'],
  [LETTER, 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_'],
  [DIGIT, '0123456789'],
  [SINGLE, ',()[];'],
  [OPERATOR, '~!@#^&|`?+-*/%<>='],
] as const) {
  for (const character of characters) KINDS[character.charCodeAt(0)] = kind;
}

/** Operators of several characters; other runs may be cut in two by the scanner. */
const OPERATORS: ReadonlySet<string> = new Set(
  '<= >= <> != => || -> ->> #> #>> @> <@ ~* !~ !~* ~~ !~~ ~~* !~~* && << >> ?| ?& @@'.split(' '),
);

const DOLLAR = 0x24;
const STRING_QUOTE = 0x27;
const DOT = 0x2e;
const COLON = 0x3a;
const NAME_QUOTE = 0x22;

/** Where a construct has no end that can be told here. */
const NOT_PLAIN = -1;

export function plainTokens(bytes: ByteText): TokenOffsets | undefined {
  const tokens: number[] = [];
  let afterString = false;
  for (let at = 0; at < bytes.length;) {
    if (kindAt(bytes, at) === BLANK) {
      at++;
      continue;
    }
    const comment = isComment(bytes, at);
    const end = comment ? commentEnd(bytes, at) : tokenEnd(bytes, at);
    if (end === NOT_PLAIN) return undefined;
    if (!comment) {
      // A string after a string may be its continuation.
      const isString = bytes.charCodeAt(at) === STRING_QUOTE;
      if (isString && afterString) return undefined;
      afterString = isString;
      tokens.push(at, end);
    }
    at = end;
  }
  return tokens;
}

/** Undefined beyond the end. */
const kindAt = (bytes: ByteText, at: number): number | undefined => KINDS[bytes.charCodeAt(at)];

const isComment = (bytes: ByteText, at: number): boolean =>
  bytes.startsWith('--', at) || bytes.startsWith('/*', at);

function commentEnd(bytes: ByteText, at: number): number {
  if (bytes.startsWith('--', at)) {
    let end = at;
    while (end < bytes.length && bytes[end] !== '\n' && bytes[end] !== '\r') end++;
    return end;
  }
  const stop = bytes.indexOf('*/', at + 2);
  const nested = bytes.indexOf('/*', at + 2);
  return stop < 0 || (nested >= 0 && nested < stop) ? NOT_PLAIN : stop + 2;
}

function tokenEnd(bytes: ByteText, at: number): number {
  const kind = kindAt(bytes, at);
  if (kind === LETTER) return nameEnd(bytes, at);
  if (kind === DIGIT) return numberEnd(bytes, at);
  if (kind === SINGLE) return at + 1;
  if (kind === OPERATOR) return operatorEnd(bytes, at);
  switch (bytes.charCodeAt(at)) {
    case STRING_QUOTE:
      return quotedEnd(bytes, at, "'");
    case NAME_QUOTE:
      return quotedEnd(bytes, at, '"');
    case DOT:
      return kindAt(bytes, at + 1) === DIGIT || bytes.charCodeAt(at + 1) === DOT ? NOT_PLAIN : at + 1;
    case COLON:
      return bytes[at + 1] === ':' || bytes[at + 1] === '=' ? at + 2 : at + 1;
    case DOLLAR:
      return parameterEnd(bytes, at);
    default:
      return NOT_PLAIN;
  }
}

/** A name before a quote may be the prefix of a string (`E'...'`), and `U&` that of a string or a name. */
function nameEnd(bytes: ByteText, at: number): number {
  let end = at + 1;
  while (isNamePart(bytes, end)) end++;
  const next = bytes.charCodeAt(end);
  const unicode = bytes[end] === '&' && end === at + 1 && (bytes[at] === 'u' || bytes[at] === 'U');
  return next === STRING_QUOTE || unicode ? NOT_PLAIN : end;
}

function isNamePart(bytes: ByteText, at: number): boolean {
  const kind = kindAt(bytes, at);
  return kind === LETTER || kind === DIGIT || bytes.charCodeAt(at) === DOLLAR;
}

/** `12` or `12.5`; exponents, other bases and numbers that touch a name or a dot are not plain. */
function numberEnd(bytes: ByteText, at: number): number {
  let end = digitsEnd(bytes, at);
  if (bytes.charCodeAt(end) === DOT && kindAt(bytes, end + 1) === DIGIT) end = digitsEnd(bytes, end + 1);
  return isNamePart(bytes, end) || bytes.charCodeAt(end) === DOT ? NOT_PLAIN : end;
}

/** `$1`; a dollar that begins anything else begins a string. */
function parameterEnd(bytes: ByteText, at: number): number {
  const end = digitsEnd(bytes, at + 1);
  return end === at + 1 || isNamePart(bytes, end) ? NOT_PLAIN : end;
}

function digitsEnd(bytes: ByteText, at: number): number {
  let end = at;
  while (kindAt(bytes, end) === DIGIT) end++;
  return end;
}

function operatorEnd(bytes: ByteText, at: number): number {
  let end = at + 1;
  while (kindAt(bytes, end) === OPERATOR) end++;
  return end === at + 1 || OPERATORS.has(bytes.slice(at, end)) ? end : NOT_PLAIN;
}

/** Strings and quoted names end at a quote that is not doubled. An empty name is a mistake. */
function quotedEnd(bytes: ByteText, at: number, quote: string): number {
  for (let from = at + 1; ;) {
    const end = bytes.indexOf(quote, from);
    if (end < 0) return NOT_PLAIN;
    if (bytes[end + 1] !== quote) return quote === '"' && end === at + 1 ? NOT_PLAIN : end + 1;
    from = end + 2;
  }
}
