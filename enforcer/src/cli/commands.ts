/** The commands of operators, approvers and auditors, for any program that wants to offer them. */
import path from 'node:path';
import { Option, type Command } from 'commander';
import { SEARCH_OUTCOMES, type SearchFilters } from '../audit/index.js';
import { loadConfig } from '../config/index.js';
import type { AdminTarget } from './admin-client.js';
import { answerApproval, listApprovals, showStatus } from './approval-commands.js';
import { searchAudit, tailAudit, verifyAudit } from './audit-commands.js';
import { enforce } from './enforce-command.js';
import { runCommand, terminal, type ExitCode, type Output } from './output.js';
import { parseCount, parseTime } from './times.js';

type Finish = (code: ExitCode) => void;
type Run = (command: () => Promise<ExitCode>) => Promise<void>;

interface TargetOptions {
  readonly admin: string;
  readonly token?: string;
  readonly json?: boolean;
}

interface LogOptions {
  readonly dir?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** `finish` is given the exit code of the command that ran. */
export function registerOperatorCommands(
  program: Command,
  finish: Finish = (code) => void (process.exitCode = code),
  output: Output = terminal,
): void {
  const run: Run = (command) => runCommand(output, command).then(finish);
  program
    .command('enforce')
    .description('run the enforcer')
    .requiredOption('-c, --config <file>', 'configuration of kind Enforcer')
    .option('--check', 'check the configuration and stop')
    .option('--json', 'print what is listened on as JSON')
    .addHelpText(
      'after',
      example('sluice enforce --config sluice.yaml', 'sluice enforce --config sluice.yaml --check'),
    )
    .action((options: { config: string; check?: boolean; json?: boolean }) =>
      run(() => enforce(options, output)),
    );
  registerApprovals(program, run, output);
  registerAudit(program, run, output);
}

function registerApprovals(program: Command, run: Run, output: Output): void {
  withTarget(program.command('status').description('which bundle decides, and whether everything works'))
    .addHelpText('after', example('sluice status', 'sluice status --admin http://127.0.0.1:8443 --json'))
    .action((options: TargetOptions) =>
      run(() => showStatus(targetOf(options), options.json === true, output)),
    );
  withTarget(program.command('approvals').description('requests that wait for a person'))
    .option('--all', 'those that are answered, used or expired, too')
    .addHelpText('after', example('SLUICE_TOKEN=... sluice approvals'))
    .action((options: TargetOptions & { all?: boolean }) =>
      run(() => listApprovals(targetOf(options), options.all === true, options.json === true, output)),
    );
  withTarget(
    program
      .command('approve')
      .description('let a request that waits go on, once')
      .argument('<id>', 'such as ap-7f3k2qab'),
  )
    .option('--reason <text>', 'why', '')
    .addHelpText('after', example('sluice approve ap-7f3k2qab'))
    .action((id: string, options: TargetOptions & { reason: string }) =>
      run(() =>
        answerApproval(targetOf(options), id, 'approve', options.reason, options.json === true, output),
      ),
    );
  withTarget(
    program
      .command('deny')
      .description('refuse a request that waits')
      .argument('<id>', 'such as ap-7f3k2qab'),
  )
    .requiredOption('--reason <text>', 'why: the agent is told')
    .addHelpText('after', example('sluice deny ap-7f3k2qab --reason "not on a Friday"'))
    .action((id: string, options: TargetOptions & { reason: string }) =>
      run(() => answerApproval(targetOf(options), id, 'deny', options.reason, options.json === true, output)),
    );
}

function registerAudit(program: Command, run: Run, output: Output): void {
  const audit = program.command('audit').description('read and verify the audit log');
  withLog(audit.command('tail').description('the last records'))
    .option('-f, --follow', 'go on with new ones')
    .option('-n, --lines <count>', 'how many', parseCount, 10)
    .addHelpText('after', example('sluice audit tail -f'))
    .action((options: LogOptions & { follow?: boolean; lines: number }) =>
      run(() => {
        const stop = options.follow === true ? untilInterrupted() : undefined;
        return tailAudit(directoryOf(options), options.lines, stop, options.json === true, output);
      }),
    );
  withLog(audit.command('search').description('find records; a decision is shown with what came of it'))
    .option('--principal <subject>', 'who')
    .option('--connection <name>', 'where')
    .addOption(new Option('--outcome <outcome>', 'what was decided').choices([...SEARCH_OUTCOMES]))
    .option('--rule <id>', 'a rule that matched, or a policy for all its rules')
    .option('--since <time>', 'not before, such as 15m or 2026-11-22T12:00:00Z', parseTime)
    .option('--until <time>', 'before', parseTime)
    .option('--text <text>', 'in the request or the reason')
    .option('--decision <id>', 'one decision, by its id or how that begins')
    .option('--limit <count>', 'the newest so many', parseCount, 1000)
    .addHelpText(
      'after',
      example(
        'sluice audit search --principal agent-7 --outcome deny --since 1h',
        'sluice audit search --rule support-agents --json',
      ),
    )
    .action((options: LogOptions & SearchOptions) =>
      run(async () =>
        searchAudit(directoryOf(options), filtersOf(options), options.limit, options.json === true, output),
      ),
    );
  withLog(audit.command('verify').description('prove that nothing is missing or changed'))
    .option('--key <file>', 'public key of the log, kept elsewhere; the one beside the log when absent')
    .addHelpText('after', example('sluice audit verify --dir ./audit --key audit-head.pub'))
    .action((options: LogOptions & { key?: string }) =>
      run(() => verifyAudit(directoryOf(options), options.key, options.json === true, output)),
    );
}

interface SearchOptions extends Omit<SearchFilters, 'sinceMs' | 'untilMs'> {
  readonly since?: number;
  readonly until?: number;
  readonly limit: number;
}

const filtersOf = ({
  since,
  until,
  principal,
  connection,
  outcome,
  rule,
  text,
  decision,
}: SearchOptions): SearchFilters => ({
  principal,
  connection,
  outcome,
  rule,
  text,
  decision,
  sinceMs: since,
  untilMs: until,
});

const withTarget = (command: Command): Command =>
  command
    .addOption(
      new Option('--admin <url>', 'admin address of the enforcer')
        .env('SLUICE_ADMIN')
        .default('http://127.0.0.1:8443'),
    )
    .addOption(new Option('--token <token>', 'your OIDC access token').env('SLUICE_TOKEN'))
    .option('--json', 'print JSON');

const withLog = (command: Command): Command =>
  command
    .option('--dir <dir>', 'directory of the log (default: that of --config, or ./audit)')
    .option('-c, --config <file>', 'configuration that names the directory')
    .option('--json', 'print JSON');

const targetOf = ({ admin, token }: TargetOptions): AdminTarget => ({ admin, token });

const directoryOf = ({ dir, config }: LogOptions): string =>
  dir ?? (config === undefined ? path.resolve('audit') : loadConfig(config).audit.dir);

function untilInterrupted(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  // Nobody reads any more.
  process.stdout.once('error', () => stop.abort());
  return stop.signal;
}

const example = (...lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`;
