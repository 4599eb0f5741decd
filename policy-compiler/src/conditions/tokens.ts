/**
 * Tokens of a CEL text, for two things only: caps that are checked before the parser recurses, and the ends of
 * the parser's nodes, which know only where they start. What is CEL and what is not, the parser decides.
 */
import type { Span } from './problem.js';

export interface Token extends Span {
  readonly text: string;
}

const SPACE = /(?:\s|\/\/[^\n]*)+/y;
const TOKEN = new RegExp(
  [
    // raw strings, where a backslash is a backslash
    /(?:[rR][bB]?|[bB][rR])(?:"""[^]*?"""|'''[^]*?'''|"[^"\n]*"|'[^'\n]*')/,
    /[bB]?(?:"""(?:\\[^]|[^\\])*?"""|'''(?:\\[^]|[^\\])*?'''|"(?:\\[^\n]|[^"\\\n])*"|'(?:\\[^\n]|[^'\\\n])*')/,
    /0[xX][\da-fA-F]+[uU]?|(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?[uU]?/,
    /[A-Za-z_]\w*/,
    /&&|\|\||==|!=|<=|>=/,
    /[^]/,
  ]
    .map((part) => part.source)
    .join('|'),
  'y',
);

export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    SPACE.lastIndex = at;
    if (SPACE.test(source)) at = SPACE.lastIndex;
    TOKEN.lastIndex = at;
    const text = TOKEN.exec(source)?.[0];
    if (text === undefined) return tokens;
    tokens.push({ text, from: at, to: at + text.length });
    at += text.length;
  }
}

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** Deepest nesting of brackets; each `?` counts as one more until its bracket closes. */
export function depthOf(tokens: readonly Token[]): number {
  const open = [0];
  let deepest = 0;
  for (const { text } of tokens) {
    if (text in CLOSING || text === '?') {
      if (text === '?') open[open.length - 1] = (open.at(-1) ?? 0) + 1;
      else open.push(0);
      const conditionals = open.reduce((sum, count) => sum + count, 0);
      deepest = Math.max(deepest, open.length - 1 + conditionals);
    } else if (text === ')' || text === ']' || text === '}') {
      if (open.length > 1) open.pop();
    }
  }
  return deepest;
}

/** End of the bracket that opens first at or after token `index`. */
export function closingEnd(tokens: readonly Token[], index: number): number {
  let depth = 0;
  for (let i = index; i < tokens.length; i++) {
    const token = tokens[i];
    if (token === undefined) break;
    if (token.text in CLOSING) depth++;
    if (token.text === ')' || token.text === ']' || token.text === '}') {
      depth--;
      if (depth <= 0) return token.to;
    }
  }
  return tokens.at(-1)?.to ?? 0;
}
