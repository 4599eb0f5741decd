/** One layout for policy files. Only space changes: what is read before and after must be the same, or nothing is changed. */
import { isDeepStrictEqual } from 'node:util';
import { AUTHORING_ERRORS } from '@sluice/schemas';
import { diagnoseFile, type Diagnostic } from '@sluice/schemas/diagnostics';
import { readYaml, toValue } from '@sluice/schemas/yaml';
import { CST, Lexer, parseAllDocuments, type Document } from 'yaml';

export type Formatted =
  | { readonly ok: true; readonly text: string; readonly changed: boolean }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

const LINE_WIDTH = 110;

export function formatYaml(file: string, bytes: Uint8Array): Formatted {
  const before = readYaml(file, bytes);
  if (before.diagnostics.length > 0) return { ok: false, diagnostics: before.diagnostics };
  const source = new TextDecoder().decode(bytes);
  const text = layOut(source);
  const after = readYaml(file, new TextEncoder().encode(text));
  const same = isDeepStrictEqual(
    before.documents.map(({ root }) => toValue(root)),
    after.documents.map(({ root }) => toValue(root)),
  );
  if (!same || after.diagnostics.length > 0 || !isDeepStrictEqual(commentsOf(source), commentsOf(text))) {
    // Fail closed: a layout that would change what the file says is not written.
    const message = 'the file cannot be laid out without changing what it says';
    return { ok: false, diagnostics: [diagnoseFile(AUTHORING_ERRORS.unformatted, file, message)] };
  }
  return { ok: true, text, changed: text !== source };
}

function layOut(source: string): string {
  const parsed = parseAllDocuments(source, { version: '1.2', schema: 'core', merge: false });
  const documents = Array.isArray(parsed) ? parsed : [];
  if (documents.length === 0)
    return source.replace(/[ \t\r]+$/gm, '').trimEnd() + (source.trim() ? '\n' : '');
  const texts = documents.map((document) => print(document));
  return texts.join('---\n');
}

function print(document: Document): string {
  const text = document.toString({
    indent: 2,
    indentSeq: true,
    flowCollectionPadding: true,
    lineWidth: LINE_WIDTH,
    minContentWidth: 0,
    directives: false,
    singleQuote: null,
    doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
  });
  return tightenLists(text.endsWith('\n') ? text : `${text}\n`);
}

/** `{ a: 1 }` but `[a, b]`: the library pads both or neither. */
function tightenLists(text: string): string {
  const lexemes = [...new Lexer().lex(text)];
  const isMark = (lexeme: string | undefined): boolean =>
    lexeme === CST.DOCUMENT || lexeme === CST.FLOW_END || lexeme === CST.SCALAR;
  const written = lexemes.flatMap((lexeme, index) =>
    isMark(lexeme) ? [] : [{ lexeme, scalar: lexemes[index - 1] === CST.SCALAR }],
  );
  return written
    .filter(({ lexeme, scalar }, index) => {
      if (scalar || !/^ +$/.test(lexeme)) return true;
      const before = written[index - 1];
      const after = written[index + 1];
      const opens = before?.lexeme === '[' && !before.scalar && !after?.lexeme.startsWith('#');
      const closes = after?.lexeme === ']' && !after.scalar;
      return !opens && !closes;
    })
    .map(({ lexeme }) => lexeme)
    .join('');
}

/** Every comment's text, in order: none may be lost. */
function commentsOf(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => /(?:^|\s)#\s*(.*?)\s*$/.exec(line)?.[1] ?? []);
}
