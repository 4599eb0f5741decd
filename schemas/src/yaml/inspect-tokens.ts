/** What is refused before a tree is built: features that hide meaning, and trees too deep or too large. */
import { AUTHORING_ERRORS } from '../errors/index.js';
import type { CST } from 'yaml';
import { diagnose, type Diagnostic } from '../diagnostics/diagnostic.js';
import type { SourceText } from '../diagnostics/source-text.js';

/** Deepest nesting; the deepest kind of ours needs 10. */
export const DEPTH_LIMIT = 32;
/** Most values in one file. */
export const NODE_LIMIT = 400_000;

const FEATURES: Readonly<Record<string, string>> = {
  anchor: 'anchors',
  alias: 'aliases',
  tag: 'tags',
  directive: 'directives',
};

/** A tree is walked without recursion: a hostile file must not choose how deep the stack grows. */
export function inspectTokens(source: SourceText, tokens: readonly CST.Token[]): Diagnostic[] {
  const issues: Diagnostic[] = [];
  const pending: { token: CST.Token; depth: number }[] = [];
  for (let i = tokens.length - 1; i >= 0; i--) {
    const token = tokens[i];
    if (token) pending.push({ token, depth: 0 });
  }
  let nodes = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { token, depth } = next;
    const feature = FEATURES[token.type];
    if (feature !== undefined) {
      const origin = { source, start: token.offset, end: token.offset + lengthOf(token) };
      const written = source.text.slice(origin.start, origin.end).trimEnd();
      const message = `${feature} are not accepted, found \`${written}\``;
      issues.push(diagnose(AUTHORING_ERRORS.yaml_feature, origin, message));
      if (issues.length >= 20) return issues;
    }
    if (depth > DEPTH_LIMIT || ++nodes > NODE_LIMIT) {
      const what =
        depth > DEPTH_LIMIT
          ? `is more than ${DEPTH_LIMIT} levels deep`
          : `holds more than ${NODE_LIMIT} values`;
      const origin = { source, start: token.offset, end: token.offset + 1 };
      return [...issues, diagnose(AUTHORING_ERRORS.yaml_too_large, origin, `the file ${what}`)];
    }
    pushChildren(token, depth, pending);
  }
  return issues;
}

function pushChildren(token: CST.Token, depth: number, pending: { token: CST.Token; depth: number }[]): void {
  const push = (child: CST.Token | null | undefined, childDepth: number): void => {
    if (child) pending.push({ token: child, depth: childDepth });
  };
  const marks = (list: readonly CST.SourceToken[] | undefined): void => {
    for (const mark of list ?? []) {
      if (mark.type === 'anchor' || mark.type === 'tag') push(mark, depth);
    }
  };
  switch (token.type) {
    case 'document':
      push(token.value, depth);
      marks(token.start);
      break;
    case 'block-map':
    case 'block-seq':
    case 'flow-collection':
      for (let i = token.items.length - 1; i >= 0; i--) {
        const item = token.items[i];
        push(item?.value, depth + 1);
        marks(item?.sep);
        push(item?.key, depth + 1);
        marks(item?.start);
      }
      break;
    default:
  }
}

const lengthOf = (token: CST.Token): number => ('source' in token ? Math.max(1, token.source.length) : 1);
