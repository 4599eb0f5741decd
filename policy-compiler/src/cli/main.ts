/** The command `sluice`: runs as soon as it is loaded. */
import { terminal } from './io.js';
import { run } from './run.js';

// A reader that leaves early (`| head`) is no mistake: what is left to say goes nowhere, the exit code stays.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

process.exitCode = await run(process.argv.slice(2), terminal());
