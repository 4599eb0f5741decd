/** Which names a rule speaks of. */
import type { pb } from '@sluice/schemas';

/** `*` stands for any run of characters, dots and the empty run included; everything else for itself. */
export function matchesPattern(pattern: pb.Pattern, name: string): boolean {
  return pattern.glob ? matchesGlob(pattern.text, name) : pattern.text === name;
}

function matchesGlob(glob: string, name: string): boolean {
  const pieces = glob.split('*');
  const first = pieces[0] ?? '';
  const last = pieces.at(-1) ?? '';
  if (pieces.length === 1) return glob === name;
  if (!name.startsWith(first)) return false;
  // Each piece in between is taken where it first occurs: that leaves most for the pieces after it.
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = name.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return name.length - at >= last.length && name.endsWith(last);
}
