import { Redis } from 'ioredis';
import { createRevocations } from 'passport-jwe/accept';
import { openRedisStores } from 'passport-jwe/redis';

const client = new Redis({ lazyConnect: true, host: '127.0.0.1', port: 1, retryStrategy: () => null });
const open = async () => {
  const stores = await openRedisStores({ client, prefix: 'app:' });
  return createRevocations({ stores });
};
console.log(typeof open, client.status);
