/**
 * Turns the events of node's test runner into one line for each file as it ends, the failures in full, and the
 * runner's own closing counts.
 */
import { relative } from 'node:path';

/** A file without a test in it passes as one test of the file's own name; that proves nothing, so it fails here. */
const isFileItself = (data) => data.nesting === 0 && data.file !== undefined && data.file.endsWith(data.name);

export async function* report(events, { root, onOutcome }) {
  const files = new Map();
  const failures = [];
  const closing = [];
  const fileOf = (data) => {
    const entry = files.get(data.file) ?? { tests: 0, failed: 0, errors: '' };
    files.set(data.file, entry);
    return entry;
  };
  for await (const { type, data } of events) {
    if (type === 'test:stderr') fileOf(data).errors += data.message;
    if (type === 'test:diagnostic' && data.nesting === 0 && data.file === undefined)
      closing.push(data.message);
    if (type === 'test:fail') failures.push(data);
    if (type !== 'test:complete') continue;
    const entry = fileOf(data);
    if (isFileItself(data)) {
      if (entry.tests === 0) failures.push({ ...data, empty: true });
      yield lineFor(relative(root, data.file), entry, data.details);
    } else if (data.details.type !== 'suite') {
      entry.tests += 1;
      if (!data.details.passed && data.todo === undefined && data.skip === undefined) entry.failed += 1;
    }
  }
  for (const failure of failures.filter(worthShowing(files))) yield failureText(root, failure, files);
  yield `\n${closing.map((line) => `# ${line}\n`).join('')}`;
  onOutcome({
    tests: [...files.values()].reduce((sum, { tests }) => sum + tests, 0),
    failures: failures.length,
  });
}

function lineFor(path, { tests, failed }, { duration_ms, passed }) {
  const verdict = passed && failed === 0 && tests > 0 ? 'ok  ' : 'FAIL';
  const count = `${tests} ${tests === 1 ? 'test' : 'tests'}${failed > 0 ? `, ${failed} failed` : ''}`;
  return `${verdict} ${path} (${count}, ${(duration_ms / 1000).toFixed(1)} s)\n`;
}

/** A failed suite or file only repeats that something inside it failed, unless nothing inside it did. */
const worthShowing = (files) => (data) =>
  data.empty ||
  (isFileItself(data) ? files.get(data.file)?.failed === 0 : data.details.type !== 'suite') ||
  data.details.error?.failureType === 'hookFailed';

function failureText(root, data, files) {
  const title = isFileItself(data) ? 'the file itself' : data.name;
  const head = `\nFAIL ${relative(root, data.file ?? '')}: ${title}\n`;
  if (data.empty && data.details.passed) return `${head}  it holds no test\n`;
  const error = data.details.error?.cause ?? data.details.error;
  const text = String(error?.stack ?? error?.message ?? error);
  const errors = isFileItself(data) ? (files.get(data.file)?.errors ?? '') : '';
  return `${head}${`${text}\n${errors}`.trim().replace(/^/gm, '  ')}\n`;
}
