/** The commands of `sluice` and their options. What a command does is in `commands/`, loaded when it runs. */
import { Command, Option } from 'commander';
import type { BuildOptions } from './commands/build.js';
import type { ExplainOptions } from './commands/explain.js';
import type { KeygenOptions } from './commands/keygen.js';
import type { SignOptions } from './commands/sign.js';
import type { VerifyOptions } from './commands/verify.js';
import { offerOperatorCommands } from './operator-commands.js';
import type { ExitCode, Io } from './io.js';
import { VERSION } from './version.js';

type Finish = (code: ExitCode) => void;

const KEY_HELP = 'private key, as `sluice keygen` writes it; may be given several times';

export async function buildProgram(io: Io, argv: readonly string[], finish: Finish): Promise<Command> {
  const program = new Command('sluice')
    .description('Policy as code for AI agents: check, test and compile policies; verify and explain bundles')
    .version(VERSION, '--version', 'print the version')
    .configureOutput({ writeOut: io.stdout, writeErr: io.stderr, getOutHasColors: () => io.colour })
    .showHelpAfterError('(run the command with --help to see how it is used)')
    .showSuggestionAfterError(true)
    .exitOverride();
  for (const command of [
    initCommand,
    checkCommand,
    testCommand,
    fmtCommand,
    explainCommand,
    buildCommand,
    keygenCommand,
    signCommand,
    verifyCommand,
  ]) {
    program.addCommand(inherit(command(io, finish), program));
  }
  program.addCommand(inherit(completionCommand(io, finish, program), program));
  await offerOperatorCommands(program, argv, finish);
  program.addHelpText(
    'after',
    '\nExit codes: 0 fine, 1 findings or failure, 2 the command was not understood.',
  );
  return program;
}

const inherit = (command: Command, program: Command): Command => command.copyInheritedSettings(program);

const json = (): Option => new Option('--json', 'answer with one JSON object');

const examples = (...lines: string[]): string =>
  `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`;

function initCommand(io: Io, finish: Finish): Command {
  return new Command('init')
    .description('make a starter policy repository that passes its own tests')
    .argument('[dir]', 'folder to make or fill', '.')
    .addOption(json())
    .addHelpText('after', examples('sluice init my-policies'))
    .action(async (dir: string, options: { json?: boolean }) => {
      const { init } = await import('./commands/init.js');
      finish(await init(io, dir, options));
    });
}

function checkCommand(io: Io, finish: Finish): Command {
  return new Command('check')
    .description('find mistakes in policies without running anything against a backend')
    .argument('[dir]', 'folder of policies', '.')
    .option('--strict', 'let warnings count as findings', false)
    .addOption(json())
    .addHelpText('after', examples('sluice check', 'sluice check policies --strict'))
    .action(async (dir: string, options: { strict: boolean; json?: boolean }) => {
      const { check } = await import('./commands/check.js');
      finish(await check(io, dir, options));
    });
}

function testCommand(io: Io, finish: Finish): Command {
  return new Command('test')
    .description('run the PolicyTest cases with the evaluator that decides in production')
    .argument('[dir]', 'folder of policies', '.')
    .option('--filter <text>', 'run only cases whose name holds this text')
    .addOption(json())
    .addHelpText('after', examples('sluice test', 'sluice test policies --filter payroll'))
    .action(async (dir: string, options: { filter?: string; json?: boolean }) => {
      const { test } = await import('./commands/test.js');
      finish(await test(io, dir, options));
    });
}

function fmtCommand(io: Io, finish: Finish): Command {
  return new Command('fmt')
    .description('write policy files in the canonical layout; comments stay, meaning never changes')
    .argument('[dir]', 'folder or file', '.')
    .option('--check', 'change nothing, only say which files would change', false)
    .addOption(json())
    .addHelpText('after', examples('sluice fmt', 'sluice fmt --check policies'))
    .action(async (dir: string, options: { check: boolean; json?: boolean }) => {
      const { fmt } = await import('./commands/fmt.js');
      finish(await fmt(io, dir, options));
    });
}

function explainCommand(io: Io, finish: Finish): Command {
  return new Command('explain')
    .description('say what would become of one request, and why')
    .argument('[source]', 'folder of policies, or a signed bundle file', '.')
    .requiredOption('--on <connection>', 'name of the connection')
    .requiredOption('--sql <text>', 'the request')
    .option('--subject <name>', 'who asks', 'someone')
    .option('--group <name...>', 'groups of who asks', [])
    .option('--intent <text>', 'what they say they are doing', '')
    .option('--fact <name=value...>', 'facts that only a running backend would know', [])
    .option('--trust <file>', 'with a bundle: the trust document to verify it by')
    .option('--catalog <file>', 'with a bundle: a document of kind Catalog')
    .addOption(json())
    .addHelpText(
      'after',
      examples(
        "sluice explain --on shop-db --group support-agents --sql 'SELECT ssn FROM customers'",
        "sluice explain bundle.tar.gz --trust trust.yaml --catalog catalogs/shop-db.yaml --on shop-db --sql 'SELECT 1'",
      ),
    )
    .action(async (source: string, options: ExplainOptions) => {
      const { explain } = await import('./commands/explain.js');
      finish(await explain(io, source, options));
    });
}

function buildCommand(io: Io, finish: Finish): Command {
  return new Command('build')
    .description('check, test and compile policies into a bundle; signed when keys are given')
    .argument('[dir]', 'folder of policies', '.')
    .option('-o, --out <file>', 'bundle to write', 'dist/bundle.tar.gz')
    .option('--key <file...>', KEY_HELP, [])
    .option('--bundle-version <number>', 'must rise from bundle to bundle (default: seconds since 1970)')
    .option('--revision <text>', 'commit or other name of the sources', '')
    .option('--audience <text>', 'channel that the bundle is for', 'default')
    .option('--issuer <text>', 'who publishes it', 'sluice')
    .option('--expires <time>', 'how long the signatures hold', '90d')
    .option('--no-test', 'do not run the tests first')
    .addOption(json())
    .addHelpText(
      'after',
      examples('sluice build', 'sluice build policies -o bundle.tar.gz --key keys/release.json'),
    )
    .action(async (dir: string, options: BuildOptions) => {
      const { build } = await import('./commands/build.js');
      finish(await build(io, dir, options));
    });
}

function keygenCommand(io: Io, finish: Finish): Command {
  return new Command('keygen')
    .description('make a key that signs bundles, and a trust document for enforcers')
    .option('-o, --out <file>', 'private key to write; readable by its owner only', 'sluice-key.json')
    .option('--trust <file>', 'trust document to write', 'trust.yaml')
    .addOption(
      new Option('--algorithm <name>', 'signature algorithm').choices(['EdDSA', 'ES256']).default('EdDSA'),
    )
    .option('--audience <text>', 'channel that the trust document is for', 'default')
    .option('--issuer <text>', 'publisher that it names', 'sluice')
    .addOption(json())
    .addHelpText('after', examples('sluice keygen', 'sluice keygen -o keys/release.json --trust trust.yaml'))
    .action(async (options: KeygenOptions) => {
      const { keygen } = await import('./commands/keygen.js');
      finish(await keygen(io, options));
    });
}

function signCommand(io: Io, finish: Finish): Command {
  return new Command('sign')
    .description('sign a bundle')
    .argument('<bundle>', 'bundle file')
    .requiredOption('--key <file...>', KEY_HELP)
    .option('-o, --out <file>', 'where to write the signed bundle (default: in place)')
    .option('--expires <time>', 'how long the signatures hold', '90d')
    .option('--cosign', 'add signatures beside those that are there', false)
    .addOption(json())
    .addHelpText('after', examples('sluice sign dist/bundle.tar.gz --key sluice-key.json'))
    .action(async (bundle: string, options: SignOptions) => {
      const { sign } = await import('./commands/sign.js');
      finish(await sign(io, bundle, options));
    });
}

function verifyCommand(io: Io, finish: Finish): Command {
  return new Command('verify')
    .description('verify a bundle as an enforcer would, and run its smoke requests')
    .argument('<bundle>', 'bundle file')
    .requiredOption('--trust <file>', 'trust document')
    .option('--rebuild <dir>', 'also compile these sources and compare every entry')
    .addOption(json())
    .addHelpText('after', examples('sluice verify dist/bundle.tar.gz --trust trust.yaml --rebuild policies'))
    .action(async (bundle: string, options: VerifyOptions) => {
      const { verify } = await import('./commands/verify.js');
      finish(await verify(io, bundle, options));
    });
}

function completionCommand(io: Io, finish: Finish, program: Command): Command {
  return new Command('completion')
    .description('print a completion script for a shell')
    .addArgument(new Command().createArgument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', examples('source <(sluice completion bash)'))
    .action(async (shell: string) => {
      const { completion } = await import('./commands/completion.js');
      finish(completion(io, shell, program));
    });
}
