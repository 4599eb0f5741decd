import { createRequire } from 'node:module';

const manifest = createRequire(import.meta.url)('../package.json') as { readonly version: string };

/** As the package says. */
export const ENFORCER_VERSION = manifest.version;
