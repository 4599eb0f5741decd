/** What the audit log keeps when the process is killed, and what passes when its disk is full. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openAuditLog, searchLog, verifyLog } from '@sluice/enforcer';
import { startShopEnforcer } from '../support/shop-enforcer.js';

const root = fs.mkdtempSync(join(tmpdir(), 'sluice-audit-faults-'));
after(() => fs.rmSync(root, { recursive: true, force: true }));

const CHILD = fileURLToPath(new URL('./audit-child.js', import.meta.url));
const clock = { now: () => Date.now(), monotonicUs: () => 0 };

test('kill -9 loses no record that was promised, and the log goes on', async () => {
  const dir = join(root, 'killed');
  const promised: string[] = [];
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, [CHILD, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
    let told = '';
    child.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
    const closed = once(child, 'close');
    await once(child.stdout, 'data');
    await sleep(150 + 100 * round);
    child.kill('SIGKILL');
    await closed;
    const lines = told.split('\n').slice(0, -1);
    assert.ok(lines.length > 100, `only ${lines.length} records in round ${round}`);
    promised.push(...lines);
  }
  const log = await openAuditLog({ dir, durability: 'written', clock });
  await log.close();
  const kept = new Set(
    searchLog(dir, {}, 10_000_000).map(({ record }) => record.refusedLogin?.claimedSubject),
  );
  assert.deepEqual(
    promised.filter((name) => !kept.has(name)),
    [],
  );
  assert.deepEqual(verifyLog(dir).findings, []);
});

/** A file system of its own that can be filled: needs root and mount. Undefined elsewhere. */
function smallDisk(): { readonly dir: string; unmount(): void } | undefined {
  const dir = join(root, 'small');
  fs.mkdirSync(dir);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', dir], { stdio: 'ignore' });
  } catch {
    // Not root: the same is tested with injected errors beside the source (audit-log.test.ts).
    return undefined;
  }
  return { dir, unmount: () => execFileSync('umount', [dir]) };
}

const until = async (holds: () => boolean): Promise<void> => {
  for (let i = 0; i < 100 && !holds(); i++) await sleep(50);
  assert.ok(holds());
};

test('a full audit disk denies everything until it is freed, and loses nothing', async (context) => {
  const disk = smallDisk();
  const dir = disk?.dir ?? join(root, 'injected');
  const fault = { full: false };
  if (disk === undefined) {
    context.diagnostic('no right to mount: the disk fills by injected errors');
    fs.mkdirSync(dir);
  }
  const writeSync = fs.writeSync;
  const shop = await startShopEnforcer({ auditDir: dir });
  const filler = join(dir, 'filler');
  const fill = (): void => {
    if (disk === undefined) {
      fault.full = true;
      fs.writeSync = ((...args: Parameters<typeof writeSync>) => {
        if (fault.full) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
        return writeSync(...args);
      }) as typeof writeSync;
      return;
    }
    const descriptor = fs.openSync(filler, 'w');
    try {
      for (;;) fs.writeSync(descriptor, Buffer.alloc(512));
    } catch {
      // Full: that is what it was for.
    } finally {
      fs.closeSync(descriptor);
    }
  };
  const free = (): void => {
    if (disk === undefined) fault.full = false;
    else fs.rmSync(filler);
  };
  try {
    const client = await shop.connect();
    const ask = (): Promise<{ rows: unknown[] }> => client.query('SELECT id FROM orders ORDER BY id LIMIT 1');
    assert.equal((await ask()).rows.length, 1);
    fill();
    const denials: { code: string; message: string }[] = [];
    // What is left of the last page may take a few records yet.
    for (let i = 0; i < 40 && denials.length < 5; i++) {
      await ask().catch((error: { code: string; message: string }) => denials.push(error));
    }
    assert.equal(denials.length, 5);
    for (const { code, message } of denials) {
      assert.equal(code, '58000');
      assert.match(message, /audit log cannot be written/);
    }
    assert.equal(shop.enforcer.status().ready, false);
    await assert.rejects(
      shop.connect().then((other) => other.query('SELECT 1')),
      'nor on a new connection',
    );
    free();
    await until(() => shop.enforcer.status().ready);
    assert.equal((await ask()).rows.length, 1);
    await client.end();
    await shop.enforcer.close();
    assert.deepEqual(verifyLog(dir).findings, []);
    const entries = searchLog(dir, { outcome: 'allow' }, 1000);
    assert.ok(entries.length >= 2);
    assert.deepEqual(
      entries.filter(({ completion }) => completion?.outcome !== 'ok'),
      [],
      'no completion was lost',
    );
    assert.equal(searchLog(dir, { text: 'audit.writable' }, 10).length, 1);
  } finally {
    fs.writeSync = writeSync;
    await shop.stop();
    disk?.unmount();
  }
});
