/** `sluice completion`: scripts made from the commands themselves, so they never lag behind. */
import type { Command } from 'commander';
import type { ExitCode, Io } from '../io.js';

interface Words {
  readonly name: string;
  readonly description: string;
  readonly options: readonly string[];
}

export function completion(io: Io, shell: string, program: Command): ExitCode {
  const words = program.commands.map((command): Words => ({
    name: command.name(),
    description: command.description(),
    options: command.options.flatMap(({ long }) => long ?? []),
  }));
  const scripts: Readonly<Record<string, (words: readonly Words[]) => string>> = { bash, zsh, fish };
  io.stdout(scripts[shell]?.(words) ?? '');
  return 0;
}

function bash(words: readonly Words[]): string {
  const cases = words.map(
    ({ name, options }) => `    ${name}) words="${[...options, '--help'].join(' ')}" ;;`,
  );
  return `_sluice() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${words.map(({ name }) => name).join(' ')} --help --version" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
    *) COMPREPLY=($(compgen -f -- "$current")) ;;
  esac
}
complete -o filenames -F _sluice sluice
`;
}

function zsh(words: readonly Words[]): string {
  const quote = (text: string): string => text.replaceAll("'", "'\\''").replaceAll(':', '\\:');
  const commands = words.map(({ name, description }) => `    '${name}:${quote(description)}'`);
  const cases = words.map(
    ({ name, options }) => `    ${name}) compadd -- ${[...options, '--help'].join(' ')}; _files ;;`,
  );
  return `#compdef sluice
_sluice() {
  local -a commands
  commands=(
${commands.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  case "$words[2]" in
${cases.join('\n')}
  esac
}
compdef _sluice sluice
`;
}

function fish(words: readonly Words[]): string {
  const quote = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
  const lines = words.flatMap(({ name, description, options }) => [
    `complete -c sluice -n __fish_use_subcommand -f -a ${name} -d '${quote(description)}'`,
    ...options.map(
      (option) =>
        `complete -c sluice -n '__fish_seen_subcommand_from ${name}' -l ${option.replace(/^--/, '')}`,
    ),
  ]);
  return `${lines.join('\n')}\n`;
}
