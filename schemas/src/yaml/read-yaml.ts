/**
 * The one way from bytes to YAML documents. Accepted is YAML 1.2 core without what hides meaning from a
 * reviewer: no anchors, aliases, merge keys, tags, directives, duplicate keys or look-alike booleans. Sizes are
 * capped before anything is built.
 */
import { AUTHORING_ERRORS } from '../errors/index.js';
import { Composer, Parser, type CST } from 'yaml';
import { diagnose, diagnoseFile, hasErrors, type Diagnostic } from '../diagnostics/diagnostic.js';
import { SourceText } from '../diagnostics/source-text.js';
import { convertDocument } from './convert-node.js';
import { findFaultyCharacters, findTabs } from './faulty-characters.js';
import { inspectTokens } from './inspect-tokens.js';
import type { YamlDocument } from './tree.js';

/** Largest file that is read. */
export const FILE_LIMIT_BYTES = 4 * 1024 * 1024;

export interface YamlFile {
  readonly documents: readonly YamlDocument[];
  readonly diagnostics: readonly Diagnostic[];
}

/** `plainWords`: such as `off`, where the schema of the file has it as a value and it can mean nothing else. */
export function readYaml(
  file: string,
  bytes: Uint8Array,
  plainWords: ReadonlySet<string> = new Set(),
): YamlFile {
  if (bytes.length > FILE_LIMIT_BYTES) {
    const message = `the file has ${bytes.length} bytes, at most ${FILE_LIMIT_BYTES} are read`;
    return refusedWith([diagnoseFile(AUTHORING_ERRORS.yaml_too_large, file, message)]);
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Fail closed: bytes that are not UTF-8 are refused, never guessed at.
    return refusedWith([diagnoseFile(AUTHORING_ERRORS.yaml_encoding, file, 'the file is not valid UTF-8')]);
  }
  const source = new SourceText(file, text);
  const faulty = findFaultyCharacters(source);
  if (faulty.length > 0) return refusedWith(faulty);

  const tokens: CST.Token[] = [...new Parser().parse(text)];
  const inspected = inspectTokens(source, tokens);
  if (inspected.length > 0) return refusedWith(inspected);
  return compose(source, tokens, plainWords);
}

function compose(
  source: SourceText,
  tokens: readonly CST.Token[],
  plainWords: ReadonlySet<string>,
): YamlFile {
  const documents: YamlDocument[] = [];
  const diagnostics: Diagnostic[] = [];
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    merge: false,
    strict: true,
    // Checked in convertDocument in linear time, on normalized keys.
    uniqueKeys: false,
    prettyErrors: false,
  });
  for (const parsed of composer.compose(tokens)) {
    // A warning is something that another reader may see otherwise: refused like an error.
    for (const fault of [...parsed.errors, ...parsed.warnings]) {
      const [start, end] = fault.pos;
      const origin = { source, start, end: Math.max(end, start + 1) };
      const message = plain(fault.message);
      diagnostics.push(diagnose(AUTHORING_ERRORS.yaml_syntax, origin, message));
    }
    if (diagnostics.length > 0) continue;
    const document = convertDocument(source, parsed.contents, diagnostics, plainWords);
    if (document) documents.push(document);
  }
  if (!hasErrors(diagnostics)) return { documents, diagnostics };
  const tabs = diagnostics.some(({ name }) => name === 'yaml_syntax') ? findTabs(source) : [];
  return refusedWith(tabs.length > 0 ? tabs : diagnostics);
}

const refusedWith = (diagnostics: readonly Diagnostic[]): YamlFile => ({ documents: [], diagnostics });

/** The library's sentence in our form: lowercase, one line, no full stop. */
function plain(message: string): string {
  const [line = ''] = message.split('\n');
  return line.charAt(0).toLowerCase() + line.slice(1).replace(/\.$/, '');
}
