/**
 * `enforce`, `status`, `approvals` and the like live in the package of the enforcer, which the compiler does not
 * depend on. Where it is installed beside us, its commands are offered; elsewhere they say what is missing.
 */
import type { Command } from 'commander';
import { AUTHORING_ERRORS, SluiceError } from '@sluice/schemas';
import type { ExitCode } from './io.js';

const ENFORCER = '@sluice/enforcer/cli';

/** Adds the commands to a program; `finish` is given the exit code of the one that ran. */
type RegisterCommands = (program: Command, finish: (code: ExitCode) => void) => void;

const OPERATOR_COMMANDS: readonly (readonly [string, string])[] = [
  ['enforce', 'run an enforcer'],
  ['status', 'say what an enforcer runs'],
  ['approvals', 'list requests that wait for an answer'],
  ['approve', 'approve a request'],
  ['deny', 'deny a request'],
  ['audit', 'read and verify the audit log'],
];

const isOperatorCommand = (name: string): boolean => OPERATOR_COMMANDS.some(([known]) => known === name);

export async function offerOperatorCommands(
  program: Command,
  argv: readonly string[],
  finish: (code: ExitCode) => void,
): Promise<void> {
  const [first = '', second = ''] = argv;
  const wanted = isOperatorCommand(first) || (first === 'help' && isOperatorCommand(second));
  const register = wanted ? await loadOperatorCommands() : undefined;
  if (register !== undefined) {
    register(program, finish);
    return;
  }
  // Help lists them without loading the enforcer: its start must stay fast.
  for (const [name, description] of OPERATOR_COMMANDS) {
    program
      .command(name)
      .description(description)
      .allowUnknownOption()
      .allowExcessArguments()
      .helpOption(false)
      .action(() => {
        const message = `\`sluice ${name}\` needs the package \`@sluice/enforcer\`, which is not installed`;
        throw new SluiceError(AUTHORING_ERRORS.not_installed, message);
      });
  }
}

/** Undefined when the package is not there. An enforcer that is there but broken is an error of its own. */
async function loadOperatorCommands(): Promise<RegisterCommands | undefined> {
  let module: unknown;
  try {
    module = await import(ENFORCER);
  } catch (cause) {
    // Fail closed: without the package its commands do nothing but say so.
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ERR_MODULE_NOT_FOUND' && message.includes('@sluice/enforcer')) return undefined;
    throw cause;
  }
  const { registerOperatorCommands } = module as { readonly registerOperatorCommands?: unknown };
  if (typeof registerOperatorCommands !== 'function') {
    const message = 'the installed `@sluice/enforcer` offers no commands; install the same release of both';
    throw new SluiceError(AUTHORING_ERRORS.not_installed, message);
  }
  return registerOperatorCommands as RegisterCommands;
}
