/** From the library's nodes to the accepted tree, refusing keys and words that two readers may read differently. */
import { AUTHORING_ERRORS } from '../errors/index.js';
import { isMap, isScalar, isSeq, type Node, type Pair, type Scalar } from 'yaml';
import { diagnose, type Diagnostic } from '../diagnostics/diagnostic.js';
import type { SourceText } from '../diagnostics/source-text.js';
import { hasFaultyCharacter } from './faulty-characters.js';
import type { YamlDocument, YamlEntry, YamlNode } from './tree.js';

/** Words that YAML 1.1 reads as booleans and 1.2 as text: `NO` for Norway. */
const AMBIGUOUS = /^(?:y|n|yes|no|on|off)$/i;

/** Undefined for an empty document. `plainWords` are ambiguous words that the reader's schema takes as text. */
export function convertDocument(
  source: SourceText,
  contents: unknown,
  diagnostics: Diagnostic[],
  plainWords: ReadonlySet<string>,
): YamlDocument | undefined {
  if (contents === null || contents === undefined) return undefined;
  const root = new Converter(source, diagnostics, plainWords).convert(contents, 0);
  if (root.kind === 'scalar' && root.value === null && root.start === root.end) return undefined;
  return { source, root } as YamlDocument;
}

class Converter {
  constructor(
    private readonly source: SourceText,
    private readonly diagnostics: Diagnostic[],
    private readonly plainWords: ReadonlySet<string>,
  ) {}

  convert(node: unknown, at: number): YamlNode {
    const [start, end] = rangeOf(node, at);
    if (isMap(node)) return { kind: 'map', entries: this.entries(node.items), start, end };
    if (isSeq(node))
      return { kind: 'list', items: node.items.map((item) => this.convert(item, start)), start, end };
    if (!isScalar(node)) {
      if (node !== null && node !== undefined)
        this.refuse('yaml_syntax', start, end, 'a value of no known form');
      return { kind: 'scalar', value: null, start, end };
    }
    return { kind: 'scalar', value: this.scalar(node, start, end), start, end };
  }

  private entries(pairs: readonly Pair[]): YamlEntry[] {
    const seen = new Map<string, string>();
    const entries: YamlEntry[] = [];
    for (const { key, value } of pairs) {
      const [keyStart, keyEnd] = rangeOf(key, 0);
      const name = this.key(key, keyStart, keyEnd);
      if (name === undefined) continue;
      // Twins in different normal forms look alike: they count as duplicates.
      const folded = name.normalize('NFC');
      const twin = seen.get(folded);
      if (twin !== undefined) {
        this.refuse('yaml_duplicate_key', keyStart, keyEnd, `the key \`${name}\` appears twice`);
        continue;
      }
      seen.set(folded, name);
      entries.push({ key: name, keyStart, keyEnd, value: this.convert(value, keyEnd) });
    }
    return entries;
  }

  private key(key: unknown, start: number, end: number): string | undefined {
    const written = this.source.text.slice(start, end);
    if (!isScalar(key) || typeof key.value !== 'string') {
      this.refuse('yaml_key', start, end, `the key \`${written}\` is not text`);
      return undefined;
    }
    if (key.value === '<<' && key.type === 'PLAIN') {
      this.refuse('yaml_feature', start, end, 'merge keys are not accepted, found `<<`');
      return undefined;
    }
    if (key.value !== key.value.normalize('NFC')) {
      this.refuse('yaml_key', start, end, `the key \`${written}\` is not in Unicode normal form C`);
    }
    return key.value;
  }

  private scalar(node: Scalar, start: number, end: number): string | number | boolean | null {
    const { value } = node;
    if (typeof value === 'string') {
      if (node.type === 'PLAIN' && AMBIGUOUS.test(value) && !this.plainWords.has(value)) {
        const message = `\`${value}\` is read as a boolean by some and as text by others`;
        const help = `Write \`true\` or \`false\`, or put it in quotes: "${value}".`;
        this.diagnostics.push(
          diagnose(AUTHORING_ERRORS.yaml_ambiguous_word, { source: this.source, start, end }, message, help),
        );
      }
      if (node.type === 'QUOTE_DOUBLE' && hasFaultyCharacter(value)) {
        this.refuse('yaml_encoding', start, end, 'the text holds an escaped control character');
      }
      return value;
    }
    if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
    if (value === undefined) return null;
    this.refuse('yaml_syntax', start, end, 'a value of no known form');
    return null;
  }

  private refuse(name: keyof typeof AUTHORING_ERRORS, start: number, end: number, message: string): void {
    this.diagnostics.push(diagnose(AUTHORING_ERRORS[name], { source: this.source, start, end }, message));
  }
}

function rangeOf(node: unknown, otherwise: number): readonly [number, number] {
  const range = (node as Partial<Node> | null | undefined)?.range;
  return range ? [range[0], range[1]] : [otherwise, otherwise];
}
