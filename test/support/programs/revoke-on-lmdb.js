// Revokes without end on the LMDB store that is named, uses a proof, and prints each name once both are acknowledged. What the store
// refuses ends it, unless it is told to persist.
import { openLmdbStores } from 'passport-jwe/lmdb';

const [path, name, onRefusal] = process.argv.slice(2);
const { revocations, counters, replays } = await openLmdbStores({ path });
const expiresAt = Date.now() / 1000 + 3600;
let serial = 0;

async function revokeWithoutEnd() {
  for (;;) {
    serial += 1;
    const acknowledged = `${name}-${serial}`;
    try {
      await Promise.all([
        revocations.add({ name: acknowledged, expiresAt }),
        counters.add({ name: 'steps', amount: 1, expiresAt }),
        replays.use({ digest: acknowledged, jkt: 'key', quota: 1_000_000, expiresAt }),
      ]);
      process.stdout.write(`${acknowledged}\n`);
    } catch (refusal) {
      if (onRefusal !== 'persist' || refusal.status !== 503) throw refusal;
    }
  }
}

await Promise.all([revokeWithoutEnd(), revokeWithoutEnd(), revokeWithoutEnd()]);
