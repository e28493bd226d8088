// Records as many DPoP proofs as told in a memory store, and prints the bytes of heap that each takes.
import { hash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createMemoryStores } from 'passport-jwe';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');
const usedBytes = () => {
  collectGarbage();
  return process.memoryUsage().heapUsed;
};

const [proofs, keys] = process.argv.slice(2).map(Number);
const { replays } = createMemoryStores();
const expiresAt = Date.now() / 1000 + 600;
const digestOf = (text) => hash('sha256', text, 'base64url');
const use = (n) =>
  replays.use({
    digest: digestOf(`proof ${n}`),
    owner: digestOf(`key ${n % keys}`),
    quota: proofs,
    expiresAt,
  });
use(0);
const before = usedBytes();
for (let n = 1; n <= proofs; n += 1) use(n);
process.stdout.write(`${Math.round((usedBytes() - before) / proofs)}\n`);
use(0);
