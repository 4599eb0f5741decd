import { parseTrust, type Trust } from '@sluice/engine';
import { SluiceError } from '@sluice/schemas';
import { readConfigFile } from './read-config-file.js';

/** Whose signatures are believed: a file of kind Trust, read strictly and checked by the engine, which alone mints it. */
export async function readTrust(file: string): Promise<Trust> {
  const trust = await parseTrust(readConfigFile(file, 'Trust').value);
  if (trust.ok) return trust.value;
  throw new SluiceError(trust.error, `${file}: ${trust.message}`);
}
