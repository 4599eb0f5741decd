/** Secrets: named by the configuration, fetched when they are needed, never printed. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { inspect, promisify } from 'node:util';
import { OPERATION_ERRORS, SluiceError } from '@sluice/schemas';
import type { SecretSource } from '@sluice/schemas/documents';

const COMMAND_TIMEOUT_MS = 10_000;
const SECRET_LIMIT_BYTES = 65_536;
const run = promisify(execFile);

/** Fetched anew each time, so that a rotated secret is picked up. Whatever prints it prints `[secret]`. */
export class Secret {
  readonly #source: SecretSource;
  readonly #baseDir: string;

  constructor(source: SecretSource, baseDir: string) {
    this.#source = source;
    this.#baseDir = baseDir;
  }

  async reveal(): Promise<string> {
    const source = this.#source;
    let value: string;
    try {
      value = await fetchSecret(source, this.#baseDir);
    } catch (cause) {
      // Fail closed: no secret, no login. What a command printed may hold the secret, so only its code is told.
      const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
      throw unavailable(`${describe(source)} cannot be read${code}`);
    }
    if (value === '') throw unavailable(`${describe(source)} is empty`);
    return value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}

async function fetchSecret(source: SecretSource, baseDir: string): Promise<string> {
  if ('env' in source) return process.env[source.env] ?? '';
  if ('file' in source) return withoutNewline(await readFile(path.resolve(baseDir, source.file), 'utf8'));
  const [program = '', ...args] = source.command;
  const { stdout } = await run(program, args, {
    cwd: baseDir,
    timeout: COMMAND_TIMEOUT_MS,
    maxBuffer: SECRET_LIMIT_BYTES,
  });
  return withoutNewline(stdout);
}

const withoutNewline = (text: string): string => text.replace(/\r?\n$/, '');

function describe(source: SecretSource): string {
  if ('env' in source) return `the environment variable \`${source.env}\``;
  if ('file' in source) return `the secret file \`${source.file}\``;
  return `the secret command \`${source.command[0]}\``;
}

const unavailable = (message: string): SluiceError =>
  new SluiceError(OPERATION_ERRORS.secret_unavailable, message);
