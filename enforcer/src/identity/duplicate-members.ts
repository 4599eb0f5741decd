const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/g;

/**
 * Whether some object of a JSON text names a member twice. JSON.parse keeps the last one without a word, and
 * another reader may keep the first: RFC 7515 section 4 and RFC 8725 section 2.4 leave it to us to refuse.
 * `json` must be valid JSON.
 */
export function hasDuplicateMembers(json: string): boolean {
  const open: (Set<string> | undefined)[] = [];
  let text: string | undefined;
  for (const [token] of json.matchAll(TOKENS)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':' && text !== undefined) {
      const members = open.at(-1);
      if (members?.has(text)) return true;
      members?.add(text);
    }
    text = token.startsWith('"') ? (JSON.parse(token) as string) : undefined;
  }
  return false;
}
