/** How operator commands speak: to people in lines, to programs in JSON, and how they end. */
import { SluiceError } from '@sluice/schemas';

/** 0 fine, 1 something was found or refused, 2 the command or the configuration is wrong. */
export type ExitCode = 0 | 1 | 2;

export interface Output {
  print(text: string): void;
  complain(text: string): void;
}

export const terminal: Output = {
  print: (text) => process.stdout.write(`${text}\n`),
  complain: (text) => process.stderr.write(`${text}\n`),
};

/** A request may hold escape sequences that would steer the terminal: what does not print is shown as its code. */
export function oneLine(text: string, limitCharacters = 120): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const cut = line.length > limitCharacters ? `${line.slice(0, limitCharacters - 1)}…` : line;
  return visible(cut);
}

export const visible = (text: string): string =>
  text.replace(/[^\P{C}\n\t]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);

/** Runs a command; what it throws is said without a stack trace, and decides the exit code. */
export async function runCommand(output: Output, command: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await command();
  } catch (error) {
    const known = error instanceof SluiceError;
    const { code, help } = known ? error.definition : { code: 'error', help: '' };
    const message = error instanceof Error ? error.message : String(error);
    output.complain(visible(`${code} ${message}`));
    // A message of several lines is a list of findings with a way out each: this one is that of the whole.
    if (help !== '') output.complain(`${message.includes('\n') ? '\n' : ''}  help: ${help}`);
    return 2;
  }
}
