/** Parses long texts, one at a time, in a thread of their own that may die of one without harm. */
import { Worker } from 'node:worker_threads';
import { REQUEST_ERRORS } from '@sluice/schemas';
import { refused, type Result } from '../result.js';
import type { Parsed } from './parser.js';

const STACK_MB = 32;
/** A text may not hold the thread for longer. */
const TIMEOUT_MS = 5000;
/** Texts that may wait for the thread; more are refused. */
const WAITING = 64;

let worker: Worker | undefined;
let last: Promise<unknown> = Promise.resolve();
let waiting = 0;

export function parseLarge(text: string): Promise<Result<Parsed>> {
  if (waiting >= WAITING) {
    return Promise.resolve(refused(REQUEST_ERRORS.too_large, 'too many long statements are waiting'));
  }
  waiting++;
  const answer = last.then(() => ask(text));
  last = answer.then(() => waiting--);
  return answer;
}

function ask(text: string): Promise<Result<Parsed>> {
  const thread = (worker ??= start());
  thread.ref();
  return new Promise((resolve) => {
    const finish = (result: Result<Parsed>): void => {
      clearTimeout(timer);
      thread.off('message', hear);
      thread.off('error', give);
      thread.off('exit', give);
      thread.unref();
      resolve(result);
    };
    const hear = (json: string): void => finish(JSON.parse(json) as Result<Parsed>);
    // Fail closed: the thread died of this text or works too long on it; the text is refused, the thread replaced.
    const give = (): void => {
      worker = undefined;
      void thread.terminate();
      finish(
        refused(REQUEST_ERRORS.too_large, 'the statement is too deeply nested or too long to be parsed'),
      );
    };
    const timer = setTimeout(give, TIMEOUT_MS);
    thread.on('message', hear);
    thread.on('error', give);
    thread.on('exit', give);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    thread.postMessage(text);
  });
}

function start(): Worker {
  const thread = new Worker(new URL('./parse-worker.js', import.meta.url), {
    resourceLimits: { stackSizeMb: STACK_MB, maxOldGenerationSizeMb: 512 },
  });
  thread.unref(); // an idle thread keeps no process alive
  return thread;
}
