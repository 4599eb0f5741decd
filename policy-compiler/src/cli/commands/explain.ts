/** `sluice explain`: what would become of one request, each rule that had a say, and the facts it saw. */
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { activate, loadPolicy, verifyBundle, type LoadedPolicy } from '@sluice/engine';
import { loadParser, type Catalog } from '@sluice/facts';
import {
  AUTHORING_ERRORS,
  FACTS_BY_NAME,
  SluiceError,
  type Facts,
  type FactValue,
  type RuleInfo,
} from '@sluice/schemas';
import { didYouMean, painter, type Diagnostic } from '@sluice/schemas/diagnostics';
import { readDocuments, type CatalogDocument, type Read } from '@sluice/schemas/documents';
import { link } from '../../link/index.js';
import { buildCatalog } from '../../model/catalogs.js';
import { compileRepository } from '../../repository.js';
import { emptyCatalog } from '../../testing/empty-catalog.js';
import { judge, type Judgement } from '../../testing/judge.js';
import type { ExitCode, Io } from '../io.js';
import { fail, printJson, shownFile, type OutputOptions } from '../report.js';
import { readTrust } from '../trust-file.js';

export interface ExplainOptions extends OutputOptions {
  readonly on: string;
  readonly sql: string;
  readonly subject: string;
  readonly group: readonly string[];
  readonly intent: string;
  readonly fact: readonly string[];
  readonly trust?: string;
  readonly catalog?: string;
}

/** What decides, and what its statements are judged against. */
interface Subject {
  readonly policy: LoadedPolicy;
  readonly connections: readonly string[];
  readonly catalog: Catalog;
}

export async function explain(io: Io, source: string, options: ExplainOptions): Promise<ExitCode> {
  const facts = parseFacts(options.fact);
  const path = resolve(io.cwd, source);
  const isBundle = (await stat(path)).isFile() && !/\.ya?ml$/.test(path);
  const subject = isBundle ? await fromBundle(io, path, options) : await fromSources(io, path, options);
  if (typeof subject === 'number') return subject;
  if (!subject.connections.includes(options.on)) {
    const message = `unknown connection \`${options.on}\`${didYouMean(options.on, subject.connections)}`;
    throw new SluiceError(AUTHORING_ERRORS.unknown_connection, message);
  }
  await loadParser();
  const judgement = judge(subject.policy, subject.catalog, {
    subject: options.subject,
    groups: options.group,
    issuer: 'https://issuer.example',
    intent: options.intent,
    connection: options.on,
    sql: options.sql,
    facts,
  });
  const place = (rule: RuleInfo): string =>
    `${isBundle ? rule.file : shownFile(io, path, rule.file)}:${rule.line}:${rule.column}`;
  if (options.json) printJson(io, toJson(judgement, subject.policy.rules));
  else io.stdout(describe(io, judgement, subject.policy.rules, place));
  return 0;
}

async function fromSources(io: Io, root: string, options: ExplainOptions): Promise<Subject | ExitCode> {
  const compiled = await compileRepository(root);
  if (!compiled.ok) return fail(io, options, root, compiled.diagnostics);
  const { plan, rules, model } = compiled.value;
  const catalog = model.connections.find(({ name }) => name === options.on)?.catalog;
  return {
    policy: loadPolicy(link(plan), rules),
    connections: model.connections.map(({ name }) => name),
    catalog: catalog ?? emptyCatalog,
  };
}

/** A bundle holds no catalog: the enforcer reads it from the backend, so here it comes from a file. */
async function fromBundle(io: Io, path: string, options: ExplainOptions): Promise<Subject> {
  if (options.trust === undefined) {
    const message = 'a bundle is explained only once it is verified; give `--trust FILE`';
    throw new SluiceError(AUTHORING_ERRORS.usage, message);
  }
  const trust = await readTrust(io, options.trust);
  const verified = await verifyBundle(await readFile(path), trust, { nowMs: io.nowMs() });
  if (!verified.ok) throw new SluiceError(verified.error, verified.message);
  const active = await activate(verified.value, loadPolicy);
  if (!active.ok) throw new SluiceError(active.error, active.message);
  return {
    policy: active.value.policy,
    connections: verified.value.manifest.connections.map(({ name }) => name),
    catalog: options.catalog === undefined ? emptyCatalog : await readCatalog(io, options.catalog),
  };
}

async function readCatalog(io: Io, file: string): Promise<Catalog> {
  const { documents, diagnostics } = readDocuments(file, await readFile(resolve(io.cwd, file)));
  const document = documents.find((read): read is Read<CatalogDocument> => read.value.kind === 'Catalog');
  const findings: Diagnostic[] = [...diagnostics];
  const catalog = document && buildCatalog(document, findings);
  const [finding] = findings;
  if (finding)
    throw new SluiceError(
      AUTHORING_ERRORS.malformed_value,
      `\`${file}\`:${finding.line}:${finding.column} ${finding.message}`,
    );
  if (catalog) return catalog;
  throw new SluiceError(AUTHORING_ERRORS.unknown_kind, `\`${file}\` must hold a document of kind Catalog`);
}

/** name=value, with the value read by the type of the fact. */
function parseFacts(written: readonly string[]): Facts {
  return Object.fromEntries(
    written.map((text): [string, FactValue] => {
      const at = text.indexOf('=');
      const name = text.slice(0, Math.max(0, at));
      const value = text.slice(at + 1);
      const fact = FACTS_BY_NAME.get(name);
      const usage = (message: string): SluiceError => new SluiceError(AUTHORING_ERRORS.usage, message);
      if (fact === undefined)
        throw usage(`unknown fact in \`${text}\`${didYouMean(name, FACTS_BY_NAME.keys())}`);
      if (fact.type === 'string') return [name, value];
      if (fact.type === 'list(string)') return [name, value === '' ? [] : value.split(',')];
      if (fact.type === 'int' && /^-?\d{1,18}$/.test(value)) return [name, BigInt(value)];
      if (fact.type === 'bool' && /^(?:true|false)$/.test(value)) return [name, value === 'true'];
      throw usage(`\`${value}\` is no ${fact.type}, as \`${name}\` must be`);
    }),
  );
}

function describe(
  io: Io,
  judgement: Judgement,
  rules: readonly RuleInfo[],
  place: (rule: RuleInfo) => string,
): string {
  const paint = painter(io.colour);
  const { outcome, error, message, request, masks, rows, rewritten } = judgement;
  const shade = outcome === 'allow' ? 'green' : outcome === 'deny' ? 'red' : 'yellow';
  const lines = [`${paint(shade, outcome)}${error ? `  ${error.code} ${message}` : ''}`];
  const section = (title: string, entries: readonly string[]): void => {
    if (entries.length > 0) lines.push('', paint('bold', title), ...entries.map((entry) => `  ${entry}`));
  };
  section('rules', describeRules(judgement, rules, place));
  section(
    'masks',
    [...masks].map(([column, mask]) => `${column}: ${mask}`),
  );
  if (rows !== undefined) section('limits', [`at most ${rows} rows`]);
  const facts = Object.entries(request?.facts ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  section(
    'facts',
    facts.map(([name, value]) => `${name} = ${showFact(value)}`),
  );
  if (rewritten !== undefined) section('what the backend is sent', rewritten.split('\n'));
  return `${lines.join('\n')}\n`;
}

function describeRules(
  judgement: Judgement,
  rules: readonly RuleInfo[],
  place: (rule: RuleInfo) => string,
): string[] {
  const { request } = judgement;
  return judgement.matches.flatMap(({ rule: index, target, failed }) => {
    const rule = rules[index];
    if (!rule) return [];
    const access = request?.accesses[target];
    const what = rule.effect === 'mask' ? request?.columns[target] : `${access?.action} ${access?.resource}`;
    const notes = [
      rule.shadow ? 'shadow' : '',
      rule.implied ? 'implied' : '',
      failed ? `condition failed, counts as ${rule.effect === 'allow' ? 'false' : 'true'}` : '',
    ].filter(Boolean);
    return [
      `${rule.effect.padEnd(16)} ${rule.id}  ${what}  ${place(rule)}${notes.length > 0 ? `  (${notes.join(', ')})` : ''}`,
    ];
  });
}

const showFact = (value: FactValue | undefined): string =>
  typeof value === 'bigint' ? String(value) : value === undefined ? 'unknown' : JSON.stringify(value);

function toJson(judgement: Judgement, rules: readonly RuleInfo[]): object {
  const { outcome, error, message, request, masks, rows, rewritten, matches, decision } = judgement;
  return {
    ok: true,
    outcome,
    ...(decision && { shadowOutcome: decision.shadowOutcome }),
    ...(error && { code: error.code, message }),
    rules: matches.flatMap(({ rule, target, failed }) => {
      const info = rules[rule];
      if (!info) return [];
      const what =
        info.effect === 'mask' ? { column: request?.columns[target] } : { access: request?.accesses[target] };
      return [{ ...info, ...what, failed }];
    }),
    masks,
    ...(rows !== undefined && { rows }),
    ...(request && { accesses: request.accesses, facts: request.facts }),
    ...(rewritten !== undefined && { rewritten }),
  };
}
