/** What the demo prints: numbered scenes, who says what, and what came back. Colours only on a terminal. */
import { stdout } from 'node:process';
import { stripVTControlCharacters } from 'node:util';

/** A step did not end as it must: the demo has failed. */
export class DemoFailure extends Error {
  override readonly name = 'DemoFailure';
}

const COLOURS = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;
type Colour = keyof typeof COLOURS;

export type Cell = string | number | boolean | Date | null | undefined;
export type Row = Readonly<Record<string, Cell>>;

const WIDEST_CELL = 34;
const LINE_WIDTH = 100;
const WIDEST_LINE = 150;

export class Narrator {
  #scenes = 0;
  readonly #coloured = stdout.isTTY && process.env['NO_COLOR'] === undefined;

  title(text: string): void {
    this.#print(`\n${this.#paint('bold', text)}\n`);
  }

  /** One line for a piece of preparation, with how long it took. */
  async prepare<T>(what: string, work: () => Promise<T>): Promise<T> {
    const started = Date.now();
    const result = await work();
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    this.#print(`  ${what.padEnd(64)} ${this.#paint('dim', `${seconds.padStart(5)} s`)}`);
    return result;
  }

  scene(title: string, why: string): void {
    this.#scenes += 1;
    this.#print(`\n${this.#paint('bold', `${this.#scenes}. ${title}`)}`);
    for (const line of wrap(why)) this.#print(`   ${this.#paint('dim', line)}`);
  }

  /** A statement or command that somebody enters. */
  enters(who: string, text: string): void {
    this.#print(
      `   ${this.#paint('cyan', `${who}>`)} ${text.replaceAll('\n', `\n   ${' '.repeat(who.length + 2)}`)}`,
    );
  }

  rows(rows: readonly Row[]): void {
    const [first] = rows;
    if (first === undefined) return this.#print('   (no rows)');
    const names = Object.keys(first);
    const texts = rows.map((row) => names.map((name) => shorten(show(row[name]))));
    const widths = names.map((name, i) => Math.max(name.length, ...texts.map((row) => row[i]?.length ?? 0)));
    const line = (cells: readonly string[]): string =>
      cells
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join(' | ')
        .trimEnd();
    this.#print(`   ${line(names)}`);
    this.#print(`   ${widths.map((width) => '-'.repeat(width)).join('-+-')}`);
    for (const row of texts) this.#print(`   ${line(row)}`);
  }

  /** An answer in the form that psql prints it. */
  refusal(code: string, message: string, hint: string | undefined): void {
    for (const [i, line] of wrap(`ERROR ${code}: ${message}`).entries()) {
      this.#print(`   ${i === 0 ? '' : '  '}${this.#paint('red', line)}`);
    }
    if (hint !== undefined)
      for (const line of wrap(`HINT: ${hint}`)) this.#print(`   ${this.#paint('yellow', line)}`);
  }

  notice(text: string): void {
    for (const line of wrap(`NOTICE: ${text}`)) this.#print(`   ${this.#paint('yellow', line)}`);
  }

  output(text: string): void {
    for (const line of stripVTControlCharacters(text).trimEnd().split('\n')) {
      this.#print(`   ${line.length > WIDEST_LINE ? `${line.slice(0, WIDEST_LINE - 3)}...` : line}`);
    }
  }

  /** Says what was to be shown; when it was not, the demo ends here as failed. */
  expect(shown: boolean, what: string): void {
    if (!shown) throw new DemoFailure(`not as expected: ${what}`);
    this.#print(`   ${this.#paint('green', 'ok')} ${what}`);
  }

  failed(text: string): void {
    this.#print(`\n${this.#paint('red', text)}`);
  }

  line(text = ''): void {
    this.#print(text);
  }

  #print(text: string): void {
    stdout.write(`${text}\n`);
  }

  #paint(colour: Colour, text: string): string {
    const [on, off] = COLOURS[colour];
    return this.#coloured ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  }
}

function show(value: Cell): string {
  if (value === null || value === undefined) return 'NULL';
  return value instanceof Date ? value.toISOString().slice(0, 10) : String(value);
}

const shorten = (text: string): string =>
  text.length > WIDEST_CELL ? `${text.slice(0, WIDEST_CELL - 3)}...` : text;

function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length + 1 > LINE_WIDTH) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
