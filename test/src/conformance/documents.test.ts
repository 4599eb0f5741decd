/** What the documents tell a reader to enter exists, and what they point at is there. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { PACKAGES, readJson, readText, ROOT } from './source-tree.js';

const MOST_README_WORDS = 900;
const documents = readdirSync(ROOT).filter((name) => name.endsWith('.md'));
const MAIN = join(ROOT, 'policy-compiler/dist/cli/main.js');

/** Commands in fenced shell blocks and in code spans, without prompts and comments. */
function commandsIn(text: string): string[] {
  const fences = [...text.matchAll(/^```(?:sh|bash|console)\n([^]*?)^```/gm)].flatMap(([, block]) =>
    (block ?? '').split('\n'),
  );
  const spans = [...text.replaceAll(/^```[^]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map(
    ([, span]) => span ?? '',
  );
  return [...fences, ...spans]
    .flatMap((line) => line.split(/&&|\|\s/))
    .map((line) =>
      line
        .replace(/^\s*(?:\$ )?(?:npx )?/, '')
        .replace(/\s#.*$/, '')
        .trim(),
    )
    .filter((line) => /^(?:npm|sluice) /.test(line));
}

const commands = documents.flatMap((path) =>
  commandsIn(readText(path)).map((command) => ({ path, command })),
);

const helpOf = new Map<string, string>();

function help(...words: readonly string[]): string {
  const key = words.join(' ');
  const known = helpOf.get(key);
  if (known !== undefined) return known;
  const text = execFileSync(process.execPath, [MAIN, ...words, '--help'], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  helpOf.set(key, text);
  return text;
}

const isListed = (command: string, text: string): boolean =>
  new RegExp(`^ {2}(?:[\\w-]+\\|)?${command}(?:[ |]|$)`, 'm').test(text);

test('commands are found in blocks and in spans', () => {
  const text = [
    '```sh',
    '$ npm run demo # all of it',
    'npx sluice check && sluice test',
    '```',
    'see `sluice fmt`',
  ];
  assert.deepEqual(commandsIn(text.join('\n')), [
    'npm run demo',
    'sluice check',
    'sluice test',
    'sluice fmt',
  ]);
  assert.ok(commands.length > 20);
});

test('every `sluice` command in the documents exists, with its options', () => {
  for (const { path, command } of commands.filter(({ command: text }) => text.startsWith('sluice '))) {
    const words = command.split(/\s+/).slice(1);
    const [name = '', second = ''] = words;
    if (name.startsWith('-')) continue;
    assert.ok(isListed(name, help()), `${path}: \`${command}\``);
    const nested = /^\w/.test(second) && isListed(second, help(name)) ? [name, second] : [name];
    for (const option of words.filter((word) => /^--\w/.test(word))) {
      const flag = option.replace(/=.*/, '');
      assert.ok(help(...nested).includes(flag), `${path}: \`${command}\` has no ${flag}`);
    }
  }
});

test('every npm script in the documents exists', () => {
  const { scripts } = readJson<{ scripts: Record<string, string> }>('package.json');
  for (const { path, command } of commands.filter(({ command: text }) => text.startsWith('npm '))) {
    const [, verb = '', name = ''] = command.split(/\s+/);
    if (verb === 'ci' || verb === 'install') continue;
    const script = verb === 'run' ? name : verb;
    assert.ok(script in scripts, `${path}: \`${command}\``);
  }
});

test('every bench in the documents exists', () => {
  for (const { path, command } of commands) {
    const bench = /^npm run bench -- (\w[\w-]*)/.exec(command)?.[1];
    if (bench === undefined || bench === 'NAME') continue;
    assert.ok(existsSync(join(ROOT, `test/src/bench/${bench}.ts`)), `${path}: \`${command}\``);
  }
});

test('every link to a file leads somewhere', () => {
  for (const path of documents) {
    for (const [, target = ''] of readText(path).matchAll(/\]\(([^)\s]+)\)|(?<=src=")([^"]+)(?=")/g)) {
      if (target === '' || /^(?:https?:|mailto:|#)/.test(target)) continue;
      const file = join(ROOT, dirname(path), target.replace(/#.*/, ''));
      assert.ok(existsSync(file), `${path}: ${target}`);
    }
  }
});

test('every path in code spans of the documents that names a folder of ours is there', () => {
  const folders =
    /^(?:schemas|enforcer|policy-compiler|github-action|policies|test|\.ci|\.config|\.github)\/[\w./-]+$/;
  for (const path of documents.filter((name) => name !== 'ERRORS.md')) {
    for (const [, span = ''] of readText(path).matchAll(/`([^`\n]+)`/g)) {
      if (folders.test(span)) assert.ok(existsSync(join(ROOT, span)), `${path}: \`${span}\``);
    }
  }
});

test(`the README has fewer than ${MOST_README_WORDS} words`, () => {
  const words = readText('README.md')
    .split(/\s+/)
    .filter((word) => /\w/.test(word));
  assert.ok(words.length < MOST_README_WORDS, `${words.length} words`);
});

test('ARCHITECTURE.md gives a reason for every dependency, and for nothing else', () => {
  const manifests = ['.', ...PACKAGES.values()].map((folder) =>
    readJson<{ dependencies?: object; devDependencies?: object }>(`${folder}/package.json`),
  );
  const used = manifests.flatMap(({ dependencies, devDependencies }) =>
    Object.keys({ ...dependencies, ...devDependencies }),
  );
  const section = readText('ARCHITECTURE.md').split('## Dependencies')[1] ?? '';
  const cells = [...section.matchAll(/^\| ([^|]+?) +\|/gm)].flatMap(([, cell = '']) => [
    ...cell.matchAll(/`([^`]+)`/g),
  ]);
  const listed = cells.map(([, name = '']) => name);
  const wanted = [...new Set(used)].filter((name) => !PACKAGES.has(name));
  assert.deepEqual(listed.sort(), wanted.sort());
});
