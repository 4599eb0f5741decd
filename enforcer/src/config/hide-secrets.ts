/**
 * A secret written into the configuration is a mistake that is reported, and reports end up in logs. What stands under
 * a secret's key is blanked there. Lines and indents are looked at, not the tree: a secret may well be what keeps the
 * file from being YAML.
 */
import { nearestName, type Diagnostic } from '@sluice/schemas/diagnostics';

const KEYS = /(?<![\w-])["']?([a-z_]\w*)["']?\s*:/gi;

/** Keys of passwords, misspelt ones too, and the private member of a key (RFC 8037, `d`). */
const isSecretKey = (key: string): boolean =>
  /^(?:pass|secret|private|pwd$|d$)/i.test(key) || nearestName(key, ['password']) !== undefined;

/** Names of ours under a secret's key: no secrets, and needed to say what was expected. */
const OURS = new Set(['env', 'file', 'command']);

/** `lines` are those of the file that the finding is about. */
export function hideSecrets(finding: Diagnostic, lines: readonly string[]): Diagnostic {
  const from = secretFrom(lines, finding.line);
  if (from === undefined) return finding;
  const secret = finding.text.slice(from);
  const text = finding.text.slice(0, from) + secret.replace(/\S/g, '*');
  const message = finding.message.replace(/`([^`]*)`/g, (quoted, part: string) =>
    !OURS.has(part) && overlap(part, secret.trim()) ? '`***`' : quoted,
  );
  return { ...finding, text, message };
}

/** From which character of a line (from 1) on a secret may stand, or undefined when none can. */
function secretFrom(lines: readonly string[], line: number): number | undefined {
  const own = lines[line - 1];
  if (own === undefined) return undefined;
  let indent = indentOf(own);
  for (let above = line - 2; above >= 0 && indent > 0; above--) {
    const outer = lines[above] ?? '';
    if (outer.trim() === '' || indentOf(outer) >= indent) continue;
    indent = indentOf(outer);
    if (behindSecretKey(outer) !== undefined) return 0;
  }
  return behindSecretKey(own);
}

/** Where the first secret's key of a line ends. */
function behindSecretKey(line: string): number | undefined {
  for (const match of line.matchAll(KEYS)) {
    if (isSecretKey(match[1] ?? '')) return match.index + match[0].length;
  }
  return undefined;
}

const indentOf = (line: string): number => line.length - line.trimStart().length;

const overlap = (a: string, b: string): boolean => a !== '' && b !== '' && (a.includes(b) || b.includes(a));
