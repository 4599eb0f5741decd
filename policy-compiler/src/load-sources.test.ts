import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadSources } from './load-sources.js';

test('reads every YAML file below a folder in a fixed order, and nothing that is hidden or set aside', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'sluice-sources-'));
  t.after(() => rm(root, { recursive: true }));
  await mkdir(join(root, 'b/c'), { recursive: true });
  await mkdir(join(root, '_drafts'));
  await mkdir(join(root, '.git'));
  for (const name of ['z.yaml', 'a.yml', 'b/c/d.yaml', '_drafts/x.yaml', '.git/y.yaml', 'notes.md']) {
    await writeFile(join(root, name), 'a: 1\n');
  }
  const { files, diagnostics } = await loadSources(root);
  assert.deepEqual(
    files.map(({ file }) => file),
    ['a.yml', 'b/c/d.yaml', 'z.yaml'],
  );
  assert.deepEqual(diagnostics, []);
});

test('refuses links, so that what was reviewed is what is compiled', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'sluice-sources-'));
  t.after(() => rm(root, { recursive: true }));
  await writeFile(join(root, 'real.yaml'), 'a: 1\n');
  await symlink(join(root, 'real.yaml'), join(root, 'link.yaml'));
  const { files, diagnostics } = await loadSources(root);
  assert.deepEqual(
    files.map(({ file }) => file),
    ['real.yaml'],
  );
  assert.deepEqual(
    diagnostics.map(({ code, file }) => [code, file]),
    [['SLU1046', 'link.yaml']],
  );
});
