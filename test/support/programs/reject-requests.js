// Rejects a request or a token for each main reason. Then it prints the secrets and the claims about the user as JSON.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import passport from 'passport';
import {
  authenticate,
  createKeyRing,
  createMemoryStores,
  createRevocations,
  createTokenIssuer,
  createTokenVerifier,
  JweStrategy,
  loadApiKeys,
  requireScope,
  requireType,
  TemporarilyUnavailableError,
  tokenRouter,
} from 'passport-jwe';

const issuer = 'https://auth.example.com';
const audience = 'https://api.example.com';
const apiKey = 'sk-0123456789-abcdefghijklmnopqrst';
const wrongApiKey = 'sk-of-nobody-9876543210-abcdefghij';
const subject = 'alice@example.com';
const tenant = 'acme-of-alice';
const keyFile = `api_key: ${apiKey}
key_id: demo
name: Demo
type: api_call
rate_limits: {}
permissions: [read]
delegation: { subjects: [demo], audiences: ["${audience}"] }
`;

const secret = randomBytes(32);
const openRing = (environment = 'production') => createKeyRing({ current: { secret }, environment });
const keyRing = await openRing();

async function mint({ ring = keyRing, clock = () => Date.now() / 1000, ...differing } = {}) {
  const tokens = createTokenIssuer({ keyRing: ring, issuer, audience, clock, ...differing });
  return (await tokens.issue({ subject, scope: 'read', lifetime: '5m', claims: { tenant } })).token;
}

const valid = await mint();
const expired = await mint({ clock: () => Date.now() / 1000 - 3600 });
const invalid = [
  await mint({ audience: 'https://billing.example.com' }),
  await mint({ issuer: 'https://other.example.com' }),
  expired,
  await mint({ ring: await openRing(), audience: `${audience}/` }),
  await mint({ ring: await openRing('staging') }),
  await mint({ ring: await createKeyRing({ current: { secret: randomBytes(32) } }) }),
];

const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-debug-'));
await writeFile(join(directory, 'demo.yaml'), keyFile);
const apiKeys = await loadApiKeys({ directory });
await rm(directory, { recursive: true });

const options = { keyRing, issuer, audience };
const revocations = createRevocations({ stores: createMemoryStores() });
passport.use(new JweStrategy({ ...options, revocations }, async () => undefined));
const findUser = async () => {
  await readFile('absent/users.json').catch((cause) => {
    throw new TemporarilyUnavailableError({ cause });
  });
};
passport.use('outage', new JweStrategy(options, findUser));
const app = express();
app.use('/oauth', tokenRouter({ ...options, apiKeys, throttle: { failuresPerMinute: 1000 } }));
app.get('/unguarded', requireScope('read'));
app.get('/passport', passport.authenticate('jwe', { session: false }));
app.get('/outage', passport.authenticate('outage', { session: false }));
app.get('/with-error', authenticate({ ...options, failWithError: true }), requireScope('admin'));
app.get('/dpop', authenticate({ ...options, dpop: { mode: 'allow', baseUrl: audience } }));
app.use(authenticate({ ...options, apiKeys }));
app.get('/admin', requireScope('admin'));
app.get('/jobs', requireType('service'));
app.use((error, _req, res, _next) => res.status(error.status).end());
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const origin = `http://127.0.0.1:${server.address().port}`;

const send = async (path, init) => (await fetch(`${origin}${path}`, init)).text();
const get = (path, token) => send(path, { headers: { authorization: `Bearer ${token}` } });

function exchange(client, subjectToken) {
  const body = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: subjectToken,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    audience,
  });
  return send('/oauth/token', { method: 'POST', headers: { 'X-API-Key': client }, body });
}

await send('/', {});
for (const token of invalid) await get('/', token);
for (const path of ['/admin', '/jobs', '/unguarded', '/passport', '/outage', '/with-error'])
  await get(path, valid);
await send('/dpop', { headers: { authorization: `DPoP ${valid}` } });
await createTokenVerifier(options)
  .verify(expired)
  .catch(() => undefined);
await exchange(wrongApiKey, valid);
await exchange(apiKey, expired);
server.close();

const segments = [valid, ...invalid].flatMap((token) => token.split('.')).filter((segment) => segment !== '');
const encoded = [secret.toString('base64url'), secret.toString('hex')];
console.log(JSON.stringify([apiKey, wrongApiKey, subject, tenant, ...encoded, ...segments]));
