import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Command, CommanderError } from 'commander';
import { openAuditLog } from '../audit/index.js';
import { registerOperatorCommands } from './commands.js';
import { oneLine } from './output.js';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-cli-'));
const dir = path.join(root, 'audit');

before(async () => {
  const log = await openAuditLog({
    dir,
    durability: 'written',
    clock: { now: () => Date.now(), monotonicUs: () => 0 },
  });
  for (const subject of ['one', 'two \u001b[31mred']) {
    await log.operation({ operation: 'test', actor: 'maria', subject, detail: '', code: '' });
  }
  await log.close();
});
after(() => fs.rmSync(root, { recursive: true }));

/** Runs a command line; `code` is undefined when commander itself refused. */
async function run(...args: string[]) {
  let code: number | undefined;
  let out = '';
  let err = '';
  const program = new Command('sluice')
    .exitOverride()
    .configureOutput({ writeOut: (text) => (out += text), writeErr: (text) => (err += text) });
  const output = {
    print: (text: string) => void (out += `${text}\n`),
    complain: (text: string) => void (err += `${text}\n`),
  };
  registerOperatorCommands(program, (finished) => void (code = finished), output);
  let usage = '';
  await program.parseAsync(args, { from: 'user' }).catch((error: unknown) => {
    assert.ok(error instanceof CommanderError);
    usage = error.code;
  });
  return { code, out, err, usage };
}

test('verifies a log, and names what was changed', async () => {
  const fine = await run('audit', 'verify', '--dir', dir);
  assert.deepEqual([fine.code, fine.err], [0, '']);
  assert.match(
    fine.out,
    /2 records in 1 segment, signed head at record 2 .*\n.*\nthe log is complete and unchanged/,
  );
  const copy = path.join(root, 'copy');
  fs.cpSync(dir, copy, { recursive: true });
  const file = path.join(copy, '00000000000000000001.jsonl');
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('maria', 'marta'));
  const changed = await run('audit', 'verify', '--dir', copy);
  assert.equal(changed.code, 1);
  assert.match(changed.out, /^00000000000000000001\.jsonl:1 record 1 was changed/);
  const json = await run('audit', 'verify', '--dir', copy, '--json');
  assert.deepEqual(
    [json.code, (JSON.parse(json.out) as { findings: { seq: number }[] }).findings[0]?.seq],
    [1, 1],
  );
});

test('prints records so that they cannot steer the terminal', async () => {
  const { code, out } = await run('audit', 'tail', '--dir', dir, '-n', '1');
  assert.equal(code, 0);
  assert.match(out, /test {2}maria {2}two \\u\{1b\}\[31mred\n$/);
  assert.equal(oneLine('a\u001b]0;x\u0007\nb'), 'a\\u{1b}]0;x\\u{7} b');
});

test('searches, for people and as JSON', async () => {
  assert.match(
    (await run('audit', 'search', '--dir', dir, '--text', 'ONE', '--since', '1h')).out,
    /maria {2}one\n$/,
  );
  const json = await run('audit', 'search', '--dir', dir, '--principal', 'maria', '--json');
  assert.deepEqual(
    json.out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { seq: string }).seq),
    ['1', '2'],
  );
  const none = await run('audit', 'search', '--dir', dir, '--principal', 'eve');
  assert.deepEqual([none.code, none.out, none.err], [0, '', 'nothing matches\n']);
});

const MISTAKES: readonly [string, string[], RegExp][] = [
  ['no such log', ['audit', 'verify', '--dir', path.join(root, 'none')], /^SLU5002 there is no audit log at/],
  [
    'no such configuration',
    ['enforce', '--config', path.join(root, 'none.yaml')],
    /^SLU5002 .* \(ENOENT\)\n {2}help: /,
  ],
  [
    'no enforcer',
    ['status', '--admin', 'http://127.0.0.1:1'],
    /^SLU5015 no enforcer answers at `http:\/\/127\.0\.0\.1:1`/,
  ],
  ['an address that is none', ['status', '--admin', 'here'], /^SLU5015 `here` is not an address/],
];
for (const [name, args, expected] of MISTAKES) {
  test(`ends with 2 and a way out: ${name}`, async () => {
    const { code, err } = await run(...args);
    assert.equal(code, 2);
    assert.match(err, expected);
    assert.ok(!err.includes('    at '), 'no stack');
  });
}

const USAGE: readonly string[][] = [
  ['enforce'],
  ['approve'],
  ['deny', 'ap-1'],
  ['audit', 'search', '--outcome', 'maybe'],
  ['audit', 'search', '--since', 'yesterday'],
  ['audit', 'tail', '-n', '0'],
  ['audit', 'verify', '--unknown'],
];
for (const args of USAGE) {
  test(`is not understood: ${args.join(' ')}`, async () => {
    const { code, usage, err } = await run(...args);
    assert.deepEqual([code, usage.startsWith('commander.')], [undefined, true]);
    assert.match(err, /^error: /);
  });
}

test('checks a configuration without starting anything', async () => {
  const file = path.join(root, 'sluice.yaml');
  fs.writeFileSync(file, 'apiVersion: sluice/v1\nkind: Enforcer\nspec: { bundel: {} }\n');
  const { code, err } = await run('enforce', '--config', file, '--check');
  assert.equal(code, 2);
  assert.match(err, /^SLU5001 `.*sluice\.yaml` has \d+ mistakes\n\n/);
  assert.match(
    err,
    /sluice\.yaml:3:9 error SLU1011 unknown key `bundel`, did you mean `bundle`\n.*bundel.*\n.*\^{6}\n/,
  );
  assert.match(err, /\n\n {2}help: .*`sluice enforce --check`/);
});
