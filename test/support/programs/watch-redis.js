// Watches the revocations of the Redis store that is named, and prints when it first sees each of them.
import { openRedisStores } from 'passport-jwe/redis';

const [url, total] = process.argv.slice(2);
const { revocations, close } = await openRedisStores({ url });
process.stdout.write('ready\n');

for (let serial = 0; serial < Number(total); serial += 1) {
  while (revocations.find(`n${serial}`) === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
  process.stdout.write(`${performance.timeOrigin + performance.now()}\n`);
}
await close();
