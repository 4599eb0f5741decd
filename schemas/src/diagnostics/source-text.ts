/** A file's text and where its lines begin, so that an offset can be named as line and column. */
export class SourceText {
  readonly #lineStarts: number[] = [0];

  constructor(
    /** As people know it: relative to the repository, with forward slashes. */
    readonly file: string,
    readonly text: string,
  ) {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#lineStarts.push(at + 1);
  }

  /** Line and column, both from 1; columns count UTF-16 units as editors do. */
  positionAt(offset: number): { readonly line: number; readonly column: number } {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#lineStarts[low] ?? 0) + 1 };
  }

  /** The text of a line (from 1) without its line break. */
  lineText(line: number): string {
    const start = this.#lineStarts[line - 1] ?? 0;
    const end = this.#lineStarts[line] ?? this.text.length + 1;
    return this.text.slice(start, end - 1).replace(/\r$/, '');
  }
}

/** A stretch of a file: where a value was written. */
export interface Origin {
  readonly source: SourceText;
  readonly start: number;
  readonly end: number;
}
