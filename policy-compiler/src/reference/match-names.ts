/** Which names a rule speaks of. */
import type { pb } from '@sluice/schemas';

export type NameTest = (name: string) => boolean;

/** In a glob `*` stands for any run of characters, dots and the empty run included; all else for itself. */
export function nameTest({ text, glob }: pb.Pattern): NameTest {
  const pieces = glob ? text.split('*') : [text];
  const [first = '', ...rest] = pieces;
  const last = rest.pop();
  if (last === undefined) return (name) => name === first;
  return (name) => {
    if (!name.startsWith(first)) return false;
    // Each piece in between is taken where it first occurs: that leaves most for the pieces after it.
    let at = first.length;
    for (const piece of rest) {
      const found = name.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return name.length - at >= last.length && name.endsWith(last);
  };
}
