/** The command `sluice`: runs as soon as it is loaded. */
import { terminal } from './io.js';
import { run } from './run.js';

process.exitCode = await run(process.argv.slice(2), terminal());
