import { writeHeapSnapshot } from 'node:v8';
import express from 'express';
import {
  bearerErrors,
  createAuditTrail,
  createKeyRing,
  createTokenIssuer,
  tokenRouter,
  watchApiKeys,
} from 'passport-jwe';
import { ldapDirectory } from 'passport-jwe/ldap';

// A sign-in page and a token endpoint on one directory, which print their audit events and log errors with their causes.

const { LDAP_OPTIONS = '', API_KEYS = '', SNAPSHOT = '', PORT = '' } = process.env;
const service = { issuer: 'https://auth.example.com', audience: 'https://api.example.com' };

const corp = ldapDirectory(JSON.parse(LDAP_OPTIONS));
const keyRing = await createKeyRing({ current: { env: 'JWE_KEY' } });
const tokens = createTokenIssuer({ keyRing, ...service });
const audit = createAuditTrail({ sinks: [{ write: (record) => console.log('audit', record) }] });
const apiKeys = await watchApiKeys({ directory: API_KEYS });

const app = express();
app.post('/sign-in', express.json(), async (req, res): Promise<void> => {
  const { name, password } = req.body;
  const result = await corp.authenticate(name, password).catch((failure: unknown) => {
    console.error(failure);
    throw failure;
  });
  if (result.kind === 'rejected') {
    res.status(403).json(result);
    return;
  }
  const token = await tokens.issue({ subject: `corp:${result.person.id}`, scope: [], lifetime: '10m' });
  res.json({ ...result, ...token });
});
app.use(tokenRouter({ keyRing, ...service, apiKeys, directories: { corp }, audit }));
app.get('/snapshot', (_req, res) => res.json(writeHeapSnapshot(SNAPSHOT)));
app.use(bearerErrors());
app.listen(Number(PORT), '127.0.0.1');
