#!/usr/bin/env node
/** The enforcer's own program, for images that do not carry the compiler. */
import { Command, CommanderError } from 'commander';
import { ENFORCER_VERSION } from '../version.js';
import { registerOperatorCommands } from './commands.js';

// A reader that leaves early (`| head`) is no mistake: what is left to say goes nowhere, the exit code stays.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const program = new Command('sluice-enforcer')
  .description('Sluice enforcer: policy in the data path')
  .version(ENFORCER_VERSION)
  .showHelpAfterError('(--help says more)')
  .exitOverride();
registerOperatorCommands(program);
for (const command of [program, ...program.commands]) command.exitOverride();
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // Commander has said what is wrong; help and version are no mistakes.
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
