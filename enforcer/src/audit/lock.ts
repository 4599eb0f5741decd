import path from 'node:path';
import Database from 'libsql';
import { OPERATION_ERRORS, SluiceError } from '@sluice/schemas';
import { LOCK_FILE } from './format.js';

/**
 * One writer for each directory. Node has no file locks, SQLite has: an exclusive transaction on an empty database
 * holds one, and the operating system lets go of it when the process ends, however it ends.
 */
export function lockDirectory(dir: string): () => void {
  const lock = new Database(path.join(dir, LOCK_FILE), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    // Fail closed: two writers would break the chain.
    lock.close();
    throw new SluiceError(OPERATION_ERRORS.audit_locked, `another enforcer writes to \`${dir}\``, { cause });
  }
  return () => lock.close();
}
