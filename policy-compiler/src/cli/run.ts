/** One run of `sluice`: the command line in, an exit code out. Nothing below this touches `process`. */
import { CommanderError } from 'commander';
import type { ExitCode, Io } from './io.js';
import { buildProgram } from './program.js';

export async function run(argv: readonly string[], io: Io): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  try {
    const program = await buildProgram(io, argv, (code) => {
      exitCode = code;
    });
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has printed help or what it did not understand.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const { failUnexpectedly } = await import('./report.js');
    // Fail closed: whatever a command could not do ends in a message and a code that is not 0.
    return failUnexpectedly(io, { json: argv.includes('--json') }, error);
  }
}
