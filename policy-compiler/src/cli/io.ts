/** What a command may touch of the terminal; tests bring their own. */
export interface Io {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** True on a terminal, unless NO_COLOR is set (https://no-color.org). */
  readonly colour: boolean;
  readonly cwd: string;
  readonly nowMs: () => number;
}

/** 0: fine. 1: something was found, or could not be done. 2: the command itself was not understood. */
export type ExitCode = 0 | 1 | 2;

export function terminal(): Io {
  const { env, stdout, stderr } = process;
  return {
    stdout: (text) => void stdout.write(text),
    stderr: (text) => void stderr.write(text),
    colour: stdout.isTTY && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
    cwd: process.cwd(),
    nowMs: () => Date.now(),
  };
}
