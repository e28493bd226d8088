// An authorization server on the LMDB store or the Redis that is named; prints its origin once it listens.
import express from 'express';
import {
  authenticate,
  createKeyRing,
  createRevocations,
  createSessions,
  loadApiKeys,
  sessionRouter,
  tokenRouter,
} from 'passport-jwe';
import { openLmdbStores } from 'passport-jwe/lmdb';
import { openRedisStores } from 'passport-jwe/redis';

const [location, directory] = process.argv.slice(2);
const stores = location.startsWith('redis:')
  ? await openRedisStores({ url: location, commandTimeoutMs: 2000 })
  : await openLmdbStores({ path: location });
const keyRing = await createKeyRing({ current: { secret: '5f'.repeat(16) + 'a0'.repeat(16) } });
const service = {
  keyRing,
  issuer: 'https://auth.example.com',
  audience: 'https://api.example.com',
  revocations: createRevocations({ stores }),
};
const apiKeys = await loadApiKeys({ directory });
const app = express();
app.use('/oauth', tokenRouter({ ...service, apiKeys, stores }));
app.get('/readyz', (_req, res) => void res.sendStatus(stores.isReady() ? 200 : 503));
app.get('/resource', authenticate(service), (_req, res) => void res.json({}));
const sessions = createSessions({ stores, revocations: service.revocations });
app.use('/sessions', authenticate(service), sessionRouter({ sessions }));
const server = app.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${server.address().port}\n`);
});
