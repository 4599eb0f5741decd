/** The protobuf code that is checked in is the code that its messages generate today. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from './source-tree.js';

/** Path and content of every file below a folder. */
function contentOf(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const paths = files.map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.sort().map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]));
}

test('schemas/src/gen is what `buf generate` makes of schemas/proto', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-generated-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ['buf.yaml', 'buf.gen.yaml', 'proto']) {
    cpSync(join(ROOT, 'schemas', name), join(folder, name), { recursive: true });
  }
  const commands = ['node_modules/.bin', 'schemas/node_modules/.bin'].map((path) => join(ROOT, path));
  const env = { ...process.env, PATH: [...commands, process.env['PATH']].join(delimiter) };
  execFileSync('buf', ['generate'], { cwd: folder, env, timeout: 60_000, stdio: 'pipe' });
  const fresh = contentOf(join(folder, 'src/gen'));
  assert.ok(fresh.size > 0);
  assert.deepEqual(contentOf(join(ROOT, 'schemas/src/gen')), fresh, 'stale: run `npm run generate`');
});
