/** Times as people write them: `15m`, `60/m`, `5/10s`. Their form was checked by the JSON Schema. */

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** "15m" -> 900 */
export function parseSeconds(text: string): number {
  const match = /^(\d*)([smhd])$/.exec(text);
  const unit = SECONDS[match?.[2] ?? ''];
  if (!match || unit === undefined) throw new RangeError(`not a time: ${text}`);
  return Number(match[1] || '1') * unit;
}

/** "60/m" -> 60 in 60 seconds */
export function parseRate(text: string): { readonly count: number; readonly windowSeconds: number } {
  const slash = text.indexOf('/');
  return { count: Number(text.slice(0, slash)), windowSeconds: parseSeconds(text.slice(slash + 1)) };
}
