/** What patterns cover. `*` stands for any run of characters, dots included; nothing else is special. */

export const isGlob = (pattern: string): boolean => pattern.includes('*');

/** The text before the first `*`. */
export const prefixOf = (pattern: string): string => pattern.slice(0, pattern.indexOf('*'));

/**
 * Whether everything that `inner` matches is matched by `outer`. A `*` of `inner` may stand for anything, so only a
 * `*` of `outer` takes it: right for every pattern whose alphabet has a letter that `outer` does not spell out.
 */
export function covers(outer: string, inner: string): boolean {
  if (outer === '*' || outer === inner) return true;
  const [first = '', ...rest] = outer.split('*');
  if (rest.length === 0 || !inner.startsWith(first)) return false;
  const last = rest.pop() ?? '';
  let at = first.length;
  for (const part of rest) {
    const found = inner.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return inner.length - last.length >= at && inner.endsWith(last);
}
