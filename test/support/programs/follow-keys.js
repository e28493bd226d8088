// An authorization server that follows a directory of API keys and one of keys, on an LMDB store; it prints its origin
// once it listens, and what is put on record. `/keys` says which keys it knows. It keeps idle connections open.
import express from 'express';
import {
  authenticate,
  createAuditTrail,
  createRevocations,
  directoryKeySource,
  openKeyRing,
  tokenRouter,
  watchApiKeys,
} from 'passport-jwe';
import { openLmdbStores } from 'passport-jwe/lmdb';

const [path, directory, keys] = process.argv.slice(2);
const audit = createAuditTrail({ sinks: [{ write: ({ type }) => void process.stdout.write(`${type}\n`) }] });
const stores = await openLmdbStores({ path });
const apiKeys = await watchApiKeys({ directory, debounceMs: 10, reloadSeconds: 0.2, audit });
const keyRing = await openKeyRing({
  source: directoryKeySource({ directory: keys }),
  reloadSeconds: 0.2,
  pendingSeconds: 0.4,
  audit,
});
const service = {
  keyRing,
  issuer: 'https://auth.example.com',
  audience: 'https://api.example.com',
  revocations: createRevocations({ stores }),
};
const app = express();
app.use('/oauth', tokenRouter({ ...service, apiKeys }));
app.get('/resource', authenticate({ ...service, apiKeys }), (_req, res) => void res.json({}));
app.get('/keys', (_req, res) => {
  res.json({ apiKeys: apiKeys.apiKeys.map(({ keyId }) => keyId), versions: keyRing.versions.length });
});
const server = app.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${server.address().port}\n`);
});
server.keepAliveTimeout = 0;
