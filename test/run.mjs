/**
 * `npm test [-- PATTERN...]`: prepares a fresh clone, then runs every test file, or those whose path holds one of
 * the patterns. Ends with node's own counts; exit code 1 when a test failed or none ran.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { ROOT, prepare, provideTools } from './prepare.mjs';
import { report } from './reporter.mjs';
import { findTestFiles } from './suites.mjs';
import { TOOLS } from './tools.mjs';

/** One test file may take this long; a hanging one is ended and fails. */
const FILE_TIMEOUT_MS = 300_000;
const FILES_AT_ONCE = 2;

await prepare();
const patterns = process.argv.slice(2);
const wanted = findTestFiles(ROOT).filter(
  ({ source }) => patterns.length === 0 || patterns.some((pattern) => source.includes(pattern)),
);
const missing = await provideTools([...new Set(wanted.flatMap(({ suite }) => suite.needs))]);
const lacks = ({ needs }) => needs.filter((name) => missing.includes(name));
const chosen = wanted.filter(({ suite }) => lacks(suite).length === 0);

const unbuilt = chosen.filter(({ compiled }) => !existsSync(join(ROOT, compiled)));
for (const { source } of unbuilt) console.error(`not built: ${source}`);
const outcome = chosen.length === 0 ? { tests: 0, failures: 0 } : await runFiles(chosen);
for (const suite of new Set(wanted.map((file) => file.suite))) {
  for (const tool of lacks(suite))
    console.log(`skipped suite ${suite.name}: no ${tool}; get it with: ${TOOLS[tool].get}`);
}
if (outcome.tests === 0) console.error('no test ran');
process.exit(outcome.tests > 0 && outcome.failures === 0 && unbuilt.length === 0 ? 0 : 1);

async function runFiles(files) {
  const events = run({
    files: files.map(({ compiled }) => join(ROOT, compiled)),
    concurrency: FILES_AT_ONCE,
    timeout: FILE_TIMEOUT_MS,
  });
  let counted = { tests: 0, failures: 1 };
  const onOutcome = (seen) => (counted = seen);
  for await (const text of report(events, { root: ROOT, onOutcome })) process.stdout.write(text);
  return counted;
}
