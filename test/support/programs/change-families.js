// Begins and ends refresh-token families without end on the LMDB store or the Redis that is named. It prints `+` and
// the id of each that has begun, `?` and the id before it ends one, `-` and the id once that is acknowledged.
import { openLmdbStores } from 'passport-jwe/lmdb';
import { openRedisStores } from 'passport-jwe/redis';

const [location, name] = process.argv.slice(2);
const { families } = location.startsWith('redis:')
  ? await openRedisStores({ url: location, commandTimeoutMs: 2000 })
  : await openLmdbStores({ path: location });
const now = Date.now() / 1000;
const state = {
  clientId: 'demo',
  subject: 'alice',
  subjectAsserted: true,
  sessionId: 's',
  sessionChosen: true,
  audience: 'https://api.example.com',
  scope: '',
  createdAt: now,
  lastUsedAt: now,
  endsAt: now + 3600,
  current: '',
};
let serial = 0;

async function changeWithoutEnd() {
  for (;;) {
    serial += 1;
    const id = `${name}-${serial}`;
    await families.insert({ id, state, expiresAt: now + 3600 });
    process.stdout.write(`+${id}\n`);
    if (serial % 2 === 0) continue;
    const family = await families.find({ clientId: 'demo', id });
    process.stdout.write(`?${id}\n`);
    await families.replace({ ...family, state: { ...state, ended: 'revoked' } });
    process.stdout.write(`-${id}\n`);
  }
}

await Promise.all([changeWithoutEnd(), changeWithoutEnd(), changeWithoutEnd()]);
