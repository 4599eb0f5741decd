import { createRequire } from 'node:module';

/** Of this package, as npm knows it. */
export const VERSION: string = versionOf(createRequire(import.meta.url)('../../package.json'));

function versionOf(manifest: unknown): string {
  const { version } = manifest as { readonly version?: unknown };
  return typeof version === 'string' ? version : '0.0.0';
}
