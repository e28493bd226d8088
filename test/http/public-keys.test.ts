import { createServer as createHttpServer, type Server } from 'node:http';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import express, { type Express } from 'express';
import {
  authenticate,
  authorizationServerMetadata,
  createKeyRing,
  createMemoryStores,
  createRevocations,
  createVerificationKeys,
  remoteJwks,
  type TokenRouterOptions,
  tokenRouter,
} from 'passport-jwe';
import type { ApiKeyRegistry } from 'passport-jwe/api-keys';
import request from 'supertest';
import { loadFiles } from '../support/api-key-files.js';
import { createAuditRecorder } from '../support/audit-recorder.js';
import { thrownBy } from '../support/caught.js';
import { type JwksServer, startJwksServer } from '../support/jwks-server.js';
import { generateRecipient, generateSigner } from '../support/key-pairs.js';
import { createRandom } from '../support/random.js';
import { createParties, forgeNested, type Parties } from '../support/signed-tokens.js';
import { AUDIENCE, clock, createRing, ISSUER, secretOf } from '../support/tokens.js';

const SECRET = 'sk-demo-0123456789abcdef';
const FILES = {
  'demo.yaml': `api_key: ${SECRET}\nkey_id: demo\nname: Demo\ntype: api_call\nrate_limits: {}\n`,
};

let parties: Parties;
let apiKeys: ApiKeyRegistry;
const servers: Server[] = [];

beforeAll(async () => {
  parties = await createParties();
  apiKeys = await loadFiles(FILES);
});

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

function createRouter(options: Partial<TokenRouterOptions> = {}) {
  const { issuerRing: keyRing, signing } = parties;
  return tokenRouter({ keyRing, signing, issuer: ISSUER, audience: AUDIENCE, apiKeys, clock, ...options });
}

const createApp = (options: Partial<TokenRouterOptions> = {}): Express =>
  express().set('env', 'test').use('/oauth', createRouter(options));

function createApi(options: Partial<Parameters<typeof authenticate>[0]> = {}): Express {
  const service = { keyRing: parties.serverRing, issuer: ISSUER, audience: AUDIENCE, clock };
  const verification = { [ISSUER]: parties.verificationKeys };
  return express()
    .set('env', 'test')
    .get('/', authenticate({ ...service, verification, ...options }), (_req, res) => void res.json({}));
}

async function exchange(app: Express): Promise<string> {
  const answer = await request(app)
    .post('/oauth/token')
    .set('X-API-Key', SECRET)
    .type('form')
    .send({ grant_type: 'client_credentials' });
  return answer.body.access_token;
}

const post = (app: Express, path: string, token: string) =>
  request(app).post(path).set('X-API-Key', SECRET).type('form').send({ token });
const present = (api: Express, token: string) => request(api).get('/').auth(token, { type: 'bearer' });

async function listen(app: Express): Promise<string> {
  const server = createHttpServer(app);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

describe('GET /oauth/jwks', () => {
  test('publishes the verification key of the issuer, for caches too', async () => {
    const answer = await request(createApp()).get('/oauth/jwks');
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toMatch(/^application\/jwk-set\+json/);
    expect(answer.headers['cache-control']).toBe('public, max-age=300');
    expect(JSON.parse(answer.text)).toEqual({ keys: [{ ...parties.signer.publicJwk, use: 'sig' }] });
  });

  test('publishes earlier verification keys beside it, and the keys to encrypt to', async () => {
    const earlier = generateSigner('PS256', { kid: 'earlier' });
    const keyRing = await createKeyRing({
      current: { jwk: parties.recipient.privateJwk },
      previous: [{ secret: secretOf(1) }],
    });
    const keys = await createVerificationKeys({
      jwks: { keys: [earlier.publicJwk, parties.signer.publicJwk] },
    });
    const answer = await request(createApp({ keyRing, verification: { [ISSUER]: keys } })).get('/oauth/jwks');
    expect(JSON.parse(answer.text)).toEqual({
      keys: [
        { ...parties.recipient.publicJwk, use: 'enc', enc: 'A256GCM' },
        { ...parties.signer.publicJwk, use: 'sig' },
        { ...earlier.publicJwk, use: 'sig' },
      ],
    });
  });

  test('publishes no secret', async () => {
    const rsa = generateRecipient('RSA-OAEP-256');
    const keyRing = await createKeyRing({
      current: { secret: secretOf(1) },
      recipients: { [AUDIENCE]: { jwk: rsa.privateJwk } },
    });
    const { text } = await request(createApp({ keyRing })).get('/oauth/jwks');
    expect(JSON.parse(text).keys).toHaveLength(2);
    for (const jwk of [rsa.privateJwk, parties.signer.privateJwk]) {
      for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi']) {
        if (jwk[member] !== undefined) expect(text).not.toContain(String(jwk[member]));
      }
    }
    expect(text).not.toMatch(/"(d|p|q|dp|dq|qi|k)":/);
  });

  test('answers HEAD, and other methods with 405', async () => {
    const app = createApp();
    expect((await request(app).head('/oauth/jwks')).status).toBe(200);
    const answer = await request(app).post('/oauth/jwks');
    expect(answer.status).toBe(405);
    expect(answer.headers['allow']).toBe('GET, HEAD');
  });

  test('is named in the metadata of the authorization server', async () => {
    const metadata = authorizationServerMetadata({
      tokenRouter: createRouter(),
      url: 'https://auth.example.com/oauth',
    });
    const { body } = await request(express().use(metadata)).get('/.well-known/oauth-authorization-server');
    expect(body.jwks_uri).toBe('https://auth.example.com/oauth/jwks');
  });

  test('does not exist, and is not named, if there are no public keys', async () => {
    const options = { keyRing: await createRing(), issuer: ISSUER, audience: AUDIENCE, apiKeys, clock };
    const router = tokenRouter(options);
    const metadata = authorizationServerMetadata({
      tokenRouter: router,
      url: 'https://auth.example.com/oauth',
    });
    const app = express().use('/oauth', router).use(metadata);
    expect((await request(app).get('/oauth/jwks')).status).toBe(404);
    expect((await request(app).get('/.well-known/oauth-authorization-server')).body).not.toHaveProperty(
      'jwks_uri',
    );
  });
});

describe('a token router that encrypts to public keys', () => {
  test('is not created without a signing key', async () => {
    const { issuerRing: keyRing, verificationKeys } = parties;
    const options = { keyRing, issuer: ISSUER, audience: AUDIENCE, apiKeys, clock };
    expect(thrownBy(() => tokenRouter(options))).toBeInstanceOf(TypeError);
    const verification = { [ISSUER]: verificationKeys };
    expect(thrownBy(() => tokenRouter({ ...options, verification }))).toEqual(
      new TypeError(
        'tokenRouter: the key ring has public-key recipients, so tokens must also be signed: set signing',
      ),
    );
  });

  test('is not created if an audience of an API key has no key', async () => {
    const jwk = { ...parties.recipient.publicJwk, aud: AUDIENCE };
    const keyRing = await createKeyRing({ current: { jwk } });
    const files = { 'demo.yaml': `${FILES['demo.yaml']}audiences: ["https://other.example.com"]\n` };
    const options = { keyRing, apiKeys: await loadFiles(files) };
    expect(thrownBy(() => createRouter(options))).toEqual(
      new TypeError(
        'the current key is restricted to a different audience by its aud, so it cannot encrypt tokens for this audience: use a key with this aud, or remove aud from the JWK',
      ),
    );
  });

  test('still needs a root for refresh tokens', async () => {
    const stores = createMemoryStores();
    const keyRing = await createKeyRing({ current: { jwk: parties.recipient.publicJwk } });
    expect(thrownBy(() => createRouter({ keyRing, stores }))).toBeInstanceOf(TypeError);
    expect(() => createRouter({ stores })).not.toThrow();
  });

  test('does not confirm the revocation of a token that it cannot decrypt (RFC 7009 §2.2.1)', async () => {
    const revocations = createRevocations({ stores: createMemoryStores({ clock }), clock });
    const app = createApp({ revocations });
    const answer = await post(app, '/oauth/revoke', await exchange(app));
    expect(answer).toMatchObject({ status: 400, body: { error: 'unsupported_token_type' } });
    expect((await post(app, '/oauth/revoke', 'unknown')).status).toBe(200);
  });

  test('reports such a token as not active', async () => {
    const app = createApp();
    expect((await post(app, '/oauth/introspect', await exchange(app))).body).toEqual({ active: false });
  });

  test('revokes and introspects tokens that it can decrypt, if it has the private key', async () => {
    const revocations = createRevocations({ stores: createMemoryStores({ clock }), clock });
    const keyRing = await createKeyRing({
      current: { secret: secretOf(1) },
      recipients: { [AUDIENCE]: { jwk: parties.recipient.privateJwk } },
    });
    const app = createApp({ keyRing, revocations });
    const token = await exchange(app);
    expect((await post(app, '/oauth/introspect', token)).body).toMatchObject({ active: true });
    expect((await post(app, '/oauth/revoke', token)).status).toBe(200);
    expect((await post(app, '/oauth/introspect', token)).body).toEqual({ active: false });
  });

  test('can revoke its tokens by subject, at a resource server that shares the store', async () => {
    const revocations = createRevocations({ stores: createMemoryStores({ clock }), clock });
    const api = createApi({ revocations });
    const token = await exchange(createApp({ revocations }));
    expect((await present(api, token)).status).toBe(200);
    await revocations.revoke({ kind: 'subject', clientId: 'demo', subject: 'demo' });
    expect((await present(api, token)).status).toBe(401);
  });
});

describe('a resource server', () => {
  test('verifies with the keys that the router publishes', async () => {
    const app = createApp();
    const keys = remoteJwks({ url: `${await listen(app)}/oauth/jwks`, clock });
    const api = createApi({ verification: { [ISSUER]: keys } });
    expect((await present(api, await exchange(app))).status).toBe(200);
    const impostor = { ...parties, signer: generateSigner() };
    expect((await present(api, await forgeNested(impostor))).status).toBe(401);
  });

  test('answers 503 without a challenge while the keys of the issuer are unavailable, never 401', async () => {
    const jwks: JwksServer = await startJwksServer();
    await jwks.stop();
    const { audit, records } = createAuditRecorder();
    const api = createApi({ verification: { [ISSUER]: remoteJwks({ url: jwks.url, clock }) }, audit });
    for (const token of [
      await forgeNested(parties),
      await forgeNested(parties, { signedHeader: { kid: 'new' } }),
    ]) {
      const answer = await present(api, token);
      expect(answer).toMatchObject({ status: 503, body: { error: 'temporarily_unavailable' } });
      expect(answer.headers).toHaveProperty('retry-after');
      expect(answer.headers).not.toHaveProperty('www-authenticate');
    }
    expect(records).toMatchObject([{ code: 'ERR_TEMPORARILY_UNAVAILABLE', count: 1 }]);
  });

  test('records the reason for a rejection, but does not send it', async () => {
    const { audit, records } = createAuditRecorder();
    const api = createApi({ audit });
    const answer = await present(api, await forgeNested(parties, { signedHeader: { alg: 'none' } }));
    expect(answer).toMatchObject({
      status: 401,
      body: { error: 'invalid_token', error_description: 'The access token is not valid' },
    });
    expect(records).toMatchObject([{ type: 'token.refused', reason: 'jws_algorithm' }]);
  });

  test.each([
    ['RSA-OAEP-256', 'P-256'],
    ['ECDH-ES', 'P-256'],
    ['ECDH-ES+A256KW', 'P-384'],
    ['ECDH-ES', 'X25519'],
  ] as const)(
    'answers 150 mutations of a token under %s %s with 401 or 400, and nothing else',
    async (alg, curve) => {
      const own = await createParties(generateRecipient(alg, {}, curve));
      const api = createApi({ keyRing: own.serverRing, verification: { [ISSUER]: own.verificationKeys } });
      const token = await forgeNested(own);
      const random = createRandom(curve.length);
      const statuses = new Set<number>();
      for (let round = 0; round < 150; round += 1) {
        const altered = mutate(token, random);
        if (altered !== token) statuses.add((await present(api, altered)).status);
      }
      expect([...statuses].filter((status) => status !== 401 && status !== 400)).toEqual([]);
      expect(statuses).toContain(401);
      expect((await present(api, token)).status).toBe(200);
    },
  );
});

/** Changes, cuts or repeats some characters, or a member of the header. */
function mutate(token: string, random: () => number): string {
  const index = Math.floor(random() * token.length);
  const length = Math.floor(random() * 4);
  const header = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());
  const values = [
    null,
    7,
    '',
    'AAAA',
    [],
    {},
    header.epk,
    { ...header.epk, x: 'AAAA' },
    { ...header.epk, crv: 'P-521' },
  ];
  const names = ['epk', 'alg', 'enc', 'kid', 'cty', 'typ', 'apu', 'apv', 'iv', 'tag', 'x'];
  const name = names[Math.floor(random() * names.length)] ?? 'x';
  const members = { ...header, [name]: values[Math.floor(random() * values.length)] };
  const changes = [
    () => token.slice(0, index) + token.slice(index + length + 1),
    () => token.slice(0, index) + token.slice(index, index + length + 1) + token.slice(index),
    () => `${token.slice(0, index)}${'A-_.z'[length] ?? 'A'}${token.slice(index + 1)}`,
    () => token.replace(/^[^.]*/, Buffer.from(JSON.stringify(members)).toString('base64url')),
  ];
  return changes[Math.floor(random() * changes.length)]?.() ?? token;
}
