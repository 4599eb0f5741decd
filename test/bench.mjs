/** `npm run bench -- NAME [--json] [--filter CASE]`: prepares a fresh clone, then runs one bench. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { ROOT, prepare, provideTools } from './prepare.mjs';
import { TOOLS } from './tools.mjs';

/** Tools that a bench compares with; a bench that is not named here needs none. */
const NEEDS = { pg: ['postgres', 'pgbench', 'pgbouncer'] };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, filter: { type: 'string' } },
});
const names = readdirSync(join(ROOT, 'test/src/bench'), { withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
  .map((entry) => entry.name.slice(0, -'.ts'.length))
  .sort();
const [name] = positionals;
if (name === undefined) {
  for (const each of names) console.log(each);
  process.exit(0);
}
if (positionals.length > 1 || !names.includes(name)) {
  console.error(
    `usage: npm run bench -- NAME [--json] [--filter CASE], where NAME is one of: ${names.join(', ')}`,
  );
  process.exit(2);
}
await prepare();
const missing = await provideTools(NEEDS[name] ?? []);
for (const tool of missing) console.error(`no ${tool}; get it with: ${TOOLS[tool].get}`);
if (missing.length > 0) process.exit(1);
const bench = await import(pathToFileURL(join(ROOT, `test/dist/bench/${name}.js`)).href);
await bench.run({ json: values.json, ...(values.filter !== undefined && { filter: values.filter }) });
