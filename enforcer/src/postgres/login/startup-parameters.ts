/**
 * What a client may ask for when it connects. An allowlist: a setting that is not in it could change what a
 * statement means after it was judged (search_path, role, standard_conforming_strings, ...).
 */
export interface StartupRequest {
  readonly user: string;
  readonly database: string;
  readonly intent: string;
  /** Settings for the backend, by the backend's own names. */
  readonly settings: Readonly<Record<string, string>>;
  /** `_pq_.` protocol options, none of which is known here. */
  readonly unknownOptions: readonly string[];
}

export type StartupOutcome =
  { readonly ok: true; readonly request: StartupRequest } | { readonly ok: false; readonly message: string };

const NUMBER = /^-?\d{1,10}$/;
const DURATION = /^\d{1,10} ?(us|ms|s|min|h|d)?$/;
const WORDS = /^[A-Za-z][A-Za-z0-9_,+\-/ :]{0,63}$/;
const SHORT_TEXT = /^[\x20-\x7e]{0,200}$/;

/** By lowercase name: the backend's spelling, and what a value must look like. */
const SETTINGS: ReadonlyMap<string, { readonly name: string; readonly shape: RegExp }> = new Map(
  (
    [
      ['application_name', SHORT_TEXT],
      ['DateStyle', WORDS],
      ['IntervalStyle', WORDS],
      ['TimeZone', WORDS],
      ['extra_float_digits', NUMBER],
      ['statement_timeout', DURATION],
      ['lock_timeout', DURATION],
      ['idle_in_transaction_session_timeout', DURATION],
      ['default_transaction_read_only', /^(on|off|true|false)$/i],
      ['default_transaction_isolation', /^(serializable|repeatable read|read committed|read uncommitted)$/i],
    ] as const
  ).map(([name, shape]) => [name.toLowerCase(), { name, shape }]),
);

const INTENT = 'sluice.intent';
const INTENT_LIMIT_CHARACTERS = 1000;
const UTF8_NAMES = new Set(['utf8', 'utf-8', 'unicode', "'utf8'", "'utf-8'"]);

export function readStartupParameters(parameters: ReadonlyMap<string, string>): StartupOutcome {
  const settings: Record<string, string> = {};
  const unknownOptions: string[] = [];
  let intent: string | undefined;
  const wanted: [string, string][] = [];
  for (const [name, value] of parameters) {
    if (name === 'user' || name === 'database') continue;
    if (name.startsWith('_pq_.')) unknownOptions.push(name);
    else if (name === 'options') {
      const options = readOptions(value);
      if (options === undefined) return refused('`options` may hold nothing but `-c name=value`');
      wanted.push(...options);
    } else wanted.push([name, value]);
  }
  for (const [name, value] of wanted) {
    const lower = name.toLowerCase();
    if (lower === INTENT) {
      intent = value.slice(0, INTENT_LIMIT_CHARACTERS);
      continue;
    }
    if (lower === 'client_encoding') {
      if (UTF8_NAMES.has(value.toLowerCase())) continue;
      return refused(`client_encoding must be UTF8, not \`${shown(value)}\``);
    }
    const setting = SETTINGS.get(lower);
    if (setting === undefined) {
      return refused(`the startup parameter \`${shown(name)}\` is not among those that are allowed`);
    }
    if (!setting.shape.test(value)) {
      return refused(`the startup parameter \`${setting.name}\` cannot be \`${shown(value)}\``);
    }
    settings[setting.name] = value;
  }
  const user = parameters.get('user') ?? '';
  const database = parameters.get('database') || user;
  const request = { user, database, intent: intent ?? settings['application_name'] ?? '', settings };
  return { ok: true, request: { ...request, unknownOptions } };
}

/** `-c name=value` and `--name=value`, separated by spaces; a backslash keeps the character after it. */
function readOptions(text: string): readonly [string, string][] | undefined {
  const words = [...text.matchAll(/(?:\\.|[^\\\s])+/gs)].map(([word]) => word.replaceAll(/\\(.)/gs, '$1'));
  const found: [string, string][] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const setting =
      word === '-c' ? words[++at] : /^(-c|--)/.test(word) ? word.replace(/^(-c|--)/, '') : undefined;
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_.-]*)=(.*)$/s.exec(setting ?? '') ?? [];
    if (name === undefined || value === undefined) return undefined;
    found.push([name.replaceAll('-', '_'), value]);
  }
  return found;
}

const refused = (message: string): StartupOutcome => ({ ok: false, message });

/** What a client sent, in a message: short, and without control characters. */
const shown = (text: string): string => text.slice(0, 60).replaceAll(/[^\x20-\x7e]/g, '?');
