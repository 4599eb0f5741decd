/**
 * Turns the events of node's test runner into one line for each file as it ends, the failures in full, and the
 * runner's own closing counts. The events of a file's tests may come after the one that ends the file: the runner
 * holds them back while an earlier file still runs.
 */
import { relative } from 'node:path';
import { inspect } from 'node:util';

/** The runner counts a file as a test of its own where it holds none; that proves nothing, so it fails here. */
const isFileItself = (data) => data.nesting === 0 && data.file !== undefined && data.file.endsWith(data.name);

export async function* report(events, { root, onOutcome }) {
  const files = new Map();
  const failures = [];
  const closing = [];
  const fileOf = (data) => {
    const entry = files.get(data.file) ?? { tests: 0, ended: undefined, errors: '' };
    files.set(data.file, entry);
    return entry;
  };
  for await (const { type, data } of events) {
    if (type === 'test:stderr') fileOf(data).errors += data.message;
    if (type === 'test:diagnostic' && data.nesting === 0 && data.file === undefined)
      closing.push(data.message);
    if (type === 'test:fail') failures.push(data);
    if (type !== 'test:complete') continue;
    if (isFileItself(data)) {
      fileOf(data).ended = data;
      const { passed, duration_ms: ms } = data.details;
      yield `${passed ? 'ok  ' : 'FAIL'} ${relative(root, data.file)} (${(ms / 1000).toFixed(1)} s)\n`;
    } else if (data.details.type !== 'suite') fileOf(data).tests += 1;
  }
  for (const failure of failures.filter(worthShowing))
    yield failureText(root, failure, fileOf(failure).errors);
  const empty = [...files].filter(([, { tests, ended }]) => tests === 0 && ended?.details.passed);
  for (const [path] of empty) yield `\nFAIL ${relative(root, path)}\n  it holds no test\n`;
  yield `\n${closing.map((line) => `# ${line}\n`).join('')}`;
  const tests = [...files.values()].reduce((sum, file) => sum + file.tests, 0);
  onOutcome({ tests, failures: failures.length + empty.length });
}

/** A suite or a file that failed only because of something inside it repeats what that something said. */
function worthShowing(data) {
  return data.details.error?.failureType !== 'subtestsFailed';
}

function failureText(root, data, errors) {
  const error = data.details.error?.cause ?? data.details.error;
  const text = error instanceof Error ? inspect(error) : String(error);
  const said = isFileItself(data) ? `\n${errors}` : '';
  const title = isFileItself(data) ? '' : `: ${data.name}`;
  return `\nFAIL ${relative(root, data.file ?? '')}${title}\n${`${text}${said}`.trim().replace(/^/gm, '  ')}\n`;
}
