// Ends sessions without end on the LMDB store that is named, of more subjects than are kept apart, and prints each as
// JSON once it is acknowledged.
import { openLmdbStores } from 'passport-jwe/lmdb';

const [path, name] = process.argv.slice(2);
const { revocations } = await openLmdbStores({ path, maxRevocationsPerClient: 20 });
const expiresAt = Date.now() / 1000 + 3600;
let serial = 0;

async function endWithoutEnd() {
  for (;;) {
    serial += 1;
    const issuedUpTo = 1_000_000 + serial;
    const into = [`subject ${name} ${serial % 30}`, 'key demo'];
    const entry = {
      name: `${name}-${serial}`,
      issuedUpTo,
      expiresAt,
      owner: 'demo',
      fold: { into, issuedUpTo },
    };
    await revocations.add(entry);
    process.stdout.write(`${JSON.stringify(entry)}\n`);
  }
}

await Promise.all([endWithoutEnd(), endWithoutEnd(), endWithoutEnd()]);
