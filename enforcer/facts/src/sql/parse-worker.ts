/** The thread that parses long texts: on a larger stack, and with nothing of the enforcer's to lose. */
import { parentPort } from 'node:worker_threads';
import { loadParser, parse } from './parser.js';

parentPort?.on('message', (text: string) => {
  const answer = loadParser().then(() => parse(text));
  answer.then(
    // As text: a deep tree would overflow the stack of the structured clone.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    (parsed) => parentPort?.postMessage(JSON.stringify(parsed)),
    // Fail closed: a thread that cannot parse ends, and the text that it had is refused.
    () => process.exit(1),
  );
});
