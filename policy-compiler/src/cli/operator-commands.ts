/**
 * `enforce`, `status`, `approvals` and the like live in the package of the enforcer, which the compiler does not
 * depend on. Where it is installed beside us, its commands are offered; elsewhere they say what is missing.
 */
import { Command } from 'commander';
import { AUTHORING_ERRORS, SluiceError } from '@sluice/schemas';

const ENFORCER = '@sluice/enforcer/cli';

const OPERATOR_COMMANDS: readonly (readonly [string, string])[] = [
  ['enforce', 'run an enforcer'],
  ['status', 'say what an enforcer runs'],
  ['approvals', 'list requests that wait for an answer'],
  ['approve', 'approve a request'],
  ['deny', 'deny a request'],
  ['audit', 'read and verify the audit log'],
];

const isOperatorCommand = (name: string): boolean => OPERATOR_COMMANDS.some(([known]) => known === name);

export async function offerOperatorCommands(program: Command, argv: readonly string[]): Promise<void> {
  const [first = '', second = ''] = argv;
  const wanted = isOperatorCommand(first) || (first === 'help' && isOperatorCommand(second));
  const loaded = wanted ? await loadOperatorCommands() : undefined;
  if (loaded !== undefined) {
    for (const command of loaded) program.addCommand(command.copyInheritedSettings(program));
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
async function loadOperatorCommands(): Promise<readonly Command[] | undefined> {
  let module: unknown;
  try {
    module = await import(ENFORCER);
  } catch (cause) {
    // Fail closed: without the package its commands do nothing but say so.
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ERR_MODULE_NOT_FOUND' && message.includes('@sluice/enforcer')) return undefined;
    throw cause;
  }
  const { operatorCommands } = module as { readonly operatorCommands?: unknown };
  if (typeof operatorCommands !== 'function') {
    const message = 'the installed `@sluice/enforcer` offers no commands; install the same release of both';
    throw new SluiceError(AUTHORING_ERRORS.not_installed, message);
  }
  return (operatorCommands as () => readonly Command[])();
}
