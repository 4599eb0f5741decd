/** `sluice enforce`: runs until it is told to stop, then drains. */
import { once } from 'node:events';
import { listenText, loadConfig, readTrust } from '../config/index.js';
import { startEnforcer } from '../enforcer.js';
import type { ExitCode, Output } from './output.js';

export interface EnforceOptions {
  readonly config: string;
  readonly check?: boolean;
  readonly json?: boolean;
}

export async function enforce(
  { config: file, check, json }: EnforceOptions,
  output: Output,
): Promise<ExitCode> {
  const config = loadConfig(file);
  if (check === true) {
    await readTrust(config.bundle.trust);
    output.print(json === true ? JSON.stringify({ ok: true, file }) : `${file} is fine`);
    return 0;
  }
  const stopped = untilStopped();
  const enforcer = await startEnforcer(config);
  if (json === true) {
    output.print(JSON.stringify({ admin: enforcer.adminUrl, listeners: enforcer.listeners }));
  } else {
    for (const { protocol, host, port, connections } of enforcer.listeners) {
      output.print(`${protocol} on ${listenText({ host, port })} for ${connections.join(', ')}`);
    }
    const { ready, reasons } = enforcer.status();
    output.print(`admin on ${enforcer.adminUrl}`);
    output.print(ready ? 'ready' : `not ready: ${reasons.join('; ')}`);
  }
  await stopped;
  await enforcer.close();
  return 0;
}

/** The first signal drains; a second one, by its default, ends the process at once. */
async function untilStopped(): Promise<void> {
  const heard = new AbortController();
  await Promise.race(
    (['SIGTERM', 'SIGINT'] as const).map((name) => once(process, name, { signal: heard.signal })),
  );
  heard.abort();
}
