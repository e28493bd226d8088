// Uses DPoP proofs on the LMDB store or the Redis that is named. It prints `ready`, waits for a line of input, and
// prints the verdicts as JSON. `same`: one proof, all at once. `flood`: new proofs of one key, 100 at a time. `steady`:
// new proofs of another key, one after the other.
import { once } from 'node:events';
import { openLmdbStores } from 'passport-jwe/lmdb';
import { openRedisStores } from 'passport-jwe/redis';

const [location, kind, times, name] = process.argv.slice(2);
const stores = location.startsWith('redis:')
  ? await openRedisStores({ url: location, commandTimeoutMs: 5000 })
  : await openLmdbStores({ path: location });
const expiresAt = Date.now() / 1000 + 600;
const use = (digest, jkt) => stores.replays.use({ digest, jkt, quota: 100, expiresAt });
const verdictOf = async (serial) => {
  try {
    if (kind === 'same') return await use('proof', 'key');
    return await use(`${name}-${serial}`, kind === 'flood' ? 'key' : name);
  } catch (failure) {
    return failure.message;
  }
};

process.stdout.write('ready\n');
await once(process.stdin, 'data');
const atOnce = { same: Number(times), flood: 100, steady: 1 }[kind];
const verdicts = [];
for (let serial = 0; serial < Number(times); serial += atOnce) {
  const serials = Array.from({ length: atOnce }, (_, index) => serial + index);
  verdicts.push(...(await Promise.all(serials.map(verdictOf))));
}
process.stdout.write(`${JSON.stringify(verdicts)}\n`);
await stores.close();
process.exit();
