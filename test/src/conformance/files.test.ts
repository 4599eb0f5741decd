/** Habits of the source tree that a reader relies on. */
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { test } from 'node:test';
import { PACKAGES, readText, sourceFiles } from './source-tree.js';

const LONGEST_FILE_LINES = 400;
const files = [...PACKAGES.values()].flatMap(sourceFiles);

test(`no source file is longer than ${LONGEST_FILE_LINES} lines`, () => {
  assert.ok(files.length > 50);
  const long = files.filter((file) => readText(file).split('\n').length > LONGEST_FILE_LINES + 1);
  assert.deepEqual(long, []);
});

test('files are named in kebab-case after what they hold', () => {
  const vague = /^(?:helpers?|utils?|misc|common|manager)\b/;
  const strange = files
    .map((file) => basename(file))
    .filter((name) => !/^[a-z0-9]+(?:[-.][a-z0-9]+)*\.ts$/.test(name));
  assert.deepEqual(strange, []);
  assert.deepEqual(
    files.filter((file) => vague.test(basename(file))),
    [],
  );
});

test('no test is skipped, left for later or run alone', () => {
  const marks = /\b(?:test|it|describe|suite|t)\.(?:skip|todo|only)\(|\b(?:skip|todo|only): (?!false)/;
  const marked = files.filter(
    (file) => file.endsWith('.test.ts') && marks.test(withoutStrings(readText(file))),
  );
  assert.deepEqual(
    marked.filter((file) => !file.endsWith('conformance/files.test.ts')),
    [],
  );
});

/** Text in quotes may speak of anything. */
const withoutStrings = (text: string): string => text.replaceAll(/'[^'\n]*'|"[^"\n]*"/g, "''");
