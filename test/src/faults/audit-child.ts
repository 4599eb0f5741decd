/** A process that writes audit records as fast as it can and says which ones it was promised; for `audit.test.ts`. */
import fs from 'node:fs';
import { openAuditLog } from '@sluice/enforcer';

const [dir = ''] = process.argv.slice(2);
const clock = { now: () => Date.now(), monotonicUs: () => 0 };
const log = await openAuditLog({ dir, durability: 'written', clock, segmentLimitBytes: 200_000 });
for (let round = 0; ; round++) {
  const names = Array.from({ length: 20 }, (_, index) => `${process.pid}-${round}-${index}`);
  await Promise.all(
    names.map(async (subject) => {
      await log.refusedLogin({
        connection: 'shop-db',
        protocol: 'postgres',
        clientAddress: '',
        claimedSubject: subject,
        claimedIssuer: '',
        fault: {
          error: { code: 'SLU4011', name: 'x', title: '', fault: 'agent', retry: false, help: '' },
          message: '',
        },
      });
      // Told synchronously: what has left this process was promised before it is killed.
      fs.writeSync(1, `${subject}\n`);
    }),
  );
}
