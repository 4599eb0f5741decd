/** `npm run demo [-- --once]`: prepares a fresh clone, then plays an agent against a real PostgreSQL under policy. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT, prepare, provideTools } from './prepare.mjs';
import { TOOLS } from './tools.mjs';

const known = process.argv.slice(2).every((argument) => argument === '--once');
if (!known) {
  console.error('usage: npm run demo [-- --once]');
  process.exit(2);
}
await prepare();
const missing = await provideTools(['postgres']);
for (const tool of missing) console.error(`no ${tool}; get it with: ${TOOLS[tool].get}`);
if (missing.length > 0) process.exit(1);
const { runDemo } = await import(pathToFileURL(join(ROOT, 'test/dist/demo/main.js')).href);
process.exit(await runDemo({ once: process.argv.includes('--once') }));
