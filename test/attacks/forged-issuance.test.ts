import { beforeEach, describe, expect, test } from '@jest/globals';
import express, { type Express } from 'express';
import { compactDecrypt, importJWK } from 'jose';
import passport from 'passport';
import {
  authenticate,
  createAuditTrail,
  createLimits,
  createMemoryStores,
  createRevocations,
  createSessions,
  JweStrategy,
  type KeyRing,
  limitRequests,
  requireProof,
  sessionRouter,
  type TokenRouterOptions,
  tokenRouter,
} from 'passport-jwe';
import type { ApiKeyRegistry } from 'passport-jwe/api-keys';
import { createMonitor, type SuspiciousUse } from 'passport-jwe/monitor';
import request from 'supertest';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { loadFiles } from '../support/api-key-files.js';
import { forgeByExport } from '../support/forged-claims.js';
import { LEGACY, LEGACY_TOKENS } from '../support/legacy-tokens.js';
import { createParties } from '../support/signed-tokens.js';
import { AUDIENCE, createRing, ISSUER, mintToken, NOW, secretOf } from '../support/tokens.js';

const REPORTS = 'https://reports.example.com';
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const DAY = 86_400;

const KEY = 'rate_limits: {}\nusers: true\npermissions: [read, "manage:sessions"]\n';
const FILES = {
  'app.yaml': `api_key: sk-app\nkey_id: app\nname: App\ntype: api_call\n${KEY}`,
  'reports.yaml': `api_key: sk-reports\nkey_id: reports\nname: Reports\ntype: api_call\n${KEY}introspects: [${AUDIENCE}]\ndelegation: { subjects: [app], actors: [reports, app], audiences: [${REPORTS}] }\n`,
};

let apiKeys: ApiKeyRegistry;
let ring: KeyRing;
let now: number;

beforeEach(async () => {
  apiKeys = await loadFiles(FILES);
  ring = await createRing();
  now = NOW;
});

/** An authorization server and an API that also serves sessions, both with the whole key ring. */
function createServer(options: Partial<TokenRouterOptions> = {}, { hasFamilies = true } = {}) {
  const clock = (): number => now;
  const stores = createMemoryStores({ clock });
  const revocations = createRevocations({ stores, clock });
  const alerts: SuspiciousUse[] = [];
  const monitor = createMonitor({
    onSuspicion: (alert) => void alerts.push(alert),
    answer: { revocations: () => revocations, by: { token_from_many_addresses: 'session' } },
  });
  const audit = createAuditTrail({ sinks: [monitor], clock });
  const { keyRing = ring, signing } = options;
  const service = { keyRing, issuer: ISSUER, revocations, clock, ...(signing && { signing }) };
  const app: Express = express().set('trust proxy', 1);
  app.use(
    '/oauth',
    tokenRouter({
      ...{ ...service, audience: AUDIENCE, apiKeys, ...options },
      ...(hasFamilies ? { stores } : {}),
    }),
  );
  const { signing: _, ...reading } = service;
  const verification = options.verification ?? {};
  const authentication = authenticate({ ...reading, verification, audit, audience: [AUDIENCE, REPORTS] });
  app.get('/', authentication, (_req, res) => void res.json({}));
  const sessions = createSessions({ stores, revocations, clock });
  app.use('/sessions', authentication, sessionRouter({ sessions }));

  const post = async (path: string, apiKey: string, parameters: object) => {
    const { status, body } = await request(app)
      .post(`/oauth/${path}`)
      .set('X-API-Key', apiKey)
      .type('form')
      .send(parameters);
    return { status, body };
  };
  return {
    obtain: async (apiKey: string, parameters: object = {}): Promise<string> =>
      (await post('token', apiKey, { grant_type: 'client_credentials', ...parameters })).body.access_token,
    exchange: (subjectToken: string, parameters: object = {}) =>
      post('token', 'sk-reports', {
        ...{ grant_type: TOKEN_EXCHANGE, subject_token: subjectToken, subject_token_type: ACCESS_TOKEN },
        ...parameters,
      }),
    introspect: (token: string) => post('introspect', 'sk-reports', { token }),
    revoke: (token: string, apiKey = 'sk-reports') => post('revoke', apiKey, { token }),
    alerts,
    use: async (token: string, ip = '192.0.2.1') =>
      (await request(app).get('/').set('X-Forwarded-For', ip).auth(token, { type: 'bearer' })).status,
    manage: (token: string) => request(app).get('/sessions').auth(token, { type: 'bearer' }),
  };
}

/** What the holder of the exported key says: another client, another user, scope that nobody granted. */
const FORGED = {
  ...{ client_id: 'app', sub: 'alice', type: 'api_call', scope: 'read manage:sessions' },
  ...{ allowed_endpoints: ['* /*'], allowed_models: ['echo-1'] },
};
const forge = (claims: Record<string, unknown> = {}) =>
  forgeByExport(ring, AUDIENCE, { ...FORGED, ...claims });

describe('the holder of an exported access key', () => {
  test('is served by its own audience with a forged token, which cannot be told from a genuine one', async () => {
    expect(await createServer().use(forge())).toBe(200);
  });

  test('cannot exchange a forged token', async () => {
    const server = createServer();
    const genuine = await server.obtain('sk-app', { user: 'alice', scope: 'read' });

    expect(await server.exchange(forge())).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    expect((await server.exchange(genuine)).status).toBe(200);
  });

  test('cannot use a forged token as an actor token', async () => {
    const server = createServer();
    const subject = await server.obtain('sk-app', { user: 'alice', scope: 'read' });
    const actor = { actor_token: forge({ sub: 'bob' }), actor_token_type: ACCESS_TOKEN };

    expect(await server.exchange(subject, actor)).toMatchObject({ status: 400 });
  });

  test('cannot have a forged token introspected as active', async () => {
    const server = createServer();
    const genuine = await server.obtain('sk-app');

    expect((await server.introspect(forge())).body).toEqual({ active: false });
    expect((await server.introspect(genuine)).body).toMatchObject({ active: true, client_id: 'app' });
  });

  test.each(['app', 'reports'])(
    'revokes no token of another client by its jti, in the name of %s',
    async (client) => {
      const server = createServer();
      const genuine = await server.obtain('sk-app', { user: 'alice' });
      const { jti } = await claimsBehind(genuine);
      const answer = await server.revoke(forge({ jti, client_id: client, sub: client }));

      expect(answer).toMatchObject({ status: 400, body: { error: 'unsupported_token_type' } });
      expect(await server.use(genuine)).toBe(200);
      await server.revoke(genuine, 'sk-app');
      expect(await server.use(genuine)).toBe(401);
    },
  );

  test('cannot list or end sessions with a forged token', async () => {
    const server = createServer();
    const genuine = await server.obtain('sk-app', { user: 'alice', scope: 'manage:sessions' });

    expect(await server.manage(forge())).toMatchObject({ status: 401, body: { error: 'invalid_token' } });
    expect((await server.manage(genuine)).status).toBe(200);
  });

  test('cannot forge a token beyond the maximum lifetime, so that revocations can expire', async () => {
    const server = createServer();

    expect(await server.use(forge({ exp: 200_000_000_000 }))).toBe(401);
    expect(await server.use(forge({ exp: NOW + DAY }))).toBe(200);
    expect(await server.use(forge({ exp: NOW + DAY + 1 }))).toBe(401);
  });

  test('cannot make the monitor revoke tokens of other identities', async () => {
    const server = createServer();
    const genuine = await server.obtain('sk-app', { user: 'alice', session_id: 's1' });
    const { jti } = await claimsBehind(genuine);
    for (let index = 0; index < 6; index += 1) {
      expect(await server.use(forge({ jti, session_id: 's1' }), `192.0.2.${index}`)).toBe(200);
    }

    expect(server.alerts).toMatchObject([{ kind: 'token_from_many_addresses', clientId: 'app', jti }]);
    expect(await server.use(genuine)).toBe(200);
    for (let index = 0; index < 5; index += 1) await server.use(genuine, `192.0.2.${index}`);
    expect(await server.use(genuine)).toBe(401);
  });

  test('passes no route that requires proof, with any middleware', async () => {
    const clock = () => NOW;
    const options = { keyRing: ring, issuer: ISSUER, audience: AUDIENCE, clock };
    const authenticator = new passport.Passport();
    authenticator.use(new JweStrategy(options, async (token) => ({ id: token.claims.sub })));
    const acceptances = [authenticate(options), authenticator.authenticate('jwe', { session: false })];
    const genuine = mintToken(ring, { claims: FORGED });
    for (const accept of acceptances) {
      const app = express().set('env', 'test').use(accept, requireProof());
      app.get('/', (_req, res) => void res.json({}));
      const ask = async (token: string) =>
        (await request(app).get('/').auth(token, { type: 'bearer' })).status;

      expect([await ask(forge()), await ask(genuine)]).toEqual([401, 200]);
    }
  });

  test('cannot name more clients in a lineage than a delegation has', async () => {
    const entry = { jti: 'j', client_id: 'app', sub: 'alice', iat: NOW };
    const delegation = {
      ...{ type: 'delegation', delegator: 'alice', delegated_to: 'reports', act: { sub: 'reports' } },
      expires_at: NOW + 600,
    };
    const withAncestors = (length: number) =>
      forge({ ...delegation, lineage: Array.from({ length }, () => entry) });

    expect(await createServer().use(withAncestors(8))).toBe(200);
    expect(await createServer().use(withAncestors(9))).toBe(401);
  });

  test('cannot cause a server error with uncountable limits', async () => {
    const clock = () => NOW;
    const limits = createLimits({ stores: createMemoryStores({ clock }), clock });
    const app = express().set('env', 'test');
    const options = { keyRing: ring, issuer: ISSUER, audience: AUDIENCE, clock };
    app.get('/', authenticate(options), limitRequests({ limits }), (_req, res) => void res.json({}));
    const usual = {
      requests_per_minute: 5,
      tokens_per_minute: 5,
      requests_per_hour: 5,
      concurrent_requests: 5,
    };
    for (const odd of [1e300, 1e16, 2 ** 53, -1, 0, 0.5]) {
      const rateLimits = { ...usual, requests_per_minute: odd, concurrent_requests: odd };
      const token = forge({ rate_limits: { ...rateLimits, per_user: { tokens_per_month: odd } } });

      expect((await request(app).get('/').auth(token, { type: 'bearer' })).status).toBeLessThan(500);
    }
  });

  test('cannot use the proof of a genuine token for other claims', async () => {
    const server = createServer();
    const { provenance } = await claimsBehind(await server.obtain('sk-app', { user: 'alice' }));

    for (const changed of [
      forge({ provenance }),
      forge({ provenance: 'A'.repeat(43) }),
      forge({ provenance: 1 }),
    ]) {
      expect((await server.introspect(changed)).body).toEqual({ active: false });
    }
  });
});

/** As its audience reads them, the proof included. */
async function claimsBehind(token: string): Promise<Record<string, unknown>> {
  const [jwk] = ring.exportAccessKeys(AUDIENCE).keys;
  const { plaintext } = await compactDecrypt(token, await importJWK({ ...jwk, alg: 'A256GCM' }));
  return JSON.parse(Buffer.from(plaintext).toString());
}

describe('a token issued by a release without proofs', () => {
  const unproven = () =>
    forge({ client_id: 'reports', sub: 'reports', jti: 'before', iat: NOW - 60, exp: NOW + DAY - 60 });

  test('can be revoked by its client until one lifetime after proofs began', async () => {
    const server = createServer({ provenanceSince: NOW });
    const token = unproven();

    expect(await server.use(token)).toBe(200);
    await server.revoke(token);
    expect(await server.use(token)).toBe(401);
  });

  test('cannot be revoked by another client, or affect a token with the same jti', async () => {
    const server = createServer({ provenanceSince: NOW });
    const genuine = await server.obtain('sk-app');
    const { jti } = await claimsBehind(genuine);

    expect(await server.revoke(forge({ jti }))).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
    await server.revoke(forge({ jti, client_id: 'reports', sub: 'reports' }));
    expect(await server.use(genuine)).toBe(200);
  });

  test('is never exchanged and never active', async () => {
    const server = createServer({ provenanceSince: NOW });

    expect((await server.exchange(forge())).status).toBe(400);
    expect((await server.introspect(forge())).body).toEqual({ active: false });
    expect((await server.manage(forge())).status).toBe(401);
  });

  test('is not made provable by the cache that the revocation endpoint filled', async () => {
    const server = createServer({ provenanceSince: NOW });
    const token = forge();
    for (let use = 0; use < 3; use += 1) {
      expect((await server.revoke(token)).body).toMatchObject({ error: 'invalid_grant' });
    }

    expect((await server.exchange(token)).status).toBe(400);
    expect((await server.introspect(token)).body).toEqual({ active: false });
    expect(await server.use(token)).toBe(200);
  });

  test('cannot be revoked once the last of them has expired', async () => {
    const server = createServer({ provenanceSince: NOW - 2 * DAY });
    const token = unproven();
    await server.revoke(token);

    expect(await server.use(token)).toBe(200);
  });

  test('needs a date in seconds, not milliseconds', () => {
    expect(() => createServer({ provenanceSince: NOW * 1000 })).toThrow(
      /^tokenRouter: provenanceSince must be a NumericDate/,
    );
  });
});

describe('a key without proof of issuance', () => {
  test('is an underived key: its tokens are an unsupported type, inactive, and manage no sessions', async () => {
    const jwk = { kty: 'oct', kid: 'shared', alg: 'A256GCM', k: secretOf(4).toString('base64url') };
    const keyRing = await createKeyRing({ current: { jwk } });
    const server = createServer({ keyRing }, { hasFamilies: false });
    const token = mintToken(keyRing, { claims: FORGED });

    expect(await server.use(token)).toBe(200);
    expect(await server.revoke(token)).toMatchObject({
      status: 400,
      body: { error: 'unsupported_token_type' },
    });
    expect((await server.introspect(token)).body).toEqual({ active: false });
    expect((await server.exchange(token)).status).toBe(400);
    expect(await server.manage(token)).toMatchObject({ status: 403, body: { error: 'access_denied' } });
  });

  test('is a key of another stack: a legacy token manages no sessions either', async () => {
    const options = { keyRing: ring, issuer: ISSUER, audience: AUDIENCE, clock: () => now };
    const app = express().use(authenticate({ ...options, legacy: LEGACY }), requireProof());
    const answer = await request(app).get('/').auth(LEGACY_TOKENS.models, { type: 'bearer' });

    expect(answer.status).toBe(403);
  });

  test('is not a public key: there, the signature of the issuer is the proof', async () => {
    const parties = await createParties();
    const { signing } = parties;
    const keyRing = await createKeyRing({
      current: { secret: secretOf(1) },
      recipients: { [AUDIENCE]: { jwk: parties.recipient.privateJwk } },
    });
    const verification = { [ISSUER]: parties.verificationKeys };
    const server = createServer({ keyRing, signing, verification });
    const token = await server.obtain('sk-app', { user: 'alice', scope: 'read manage:sessions' });

    expect((await server.introspect(token)).body).toMatchObject({ active: true, client_id: 'app' });
    expect((await server.manage(token)).status).toBe(200);
    expect((await server.exchange(token)).status).toBe(200);
    await server.revoke(token, 'sk-app');
    expect(await server.use(token)).toBe(401);
  });
});

test('a proof is valid as long as its root key, including tokens of a previous one', async () => {
  const token = mintToken(ring, { claims: FORGED });
  ring = await createKeyRing({ current: { secret: secretOf(2) }, previous: [{ secret: secretOf(1) }] });

  expect((await createServer().introspect(token)).body).toMatchObject({ active: true });
});

test('no export contains the key of the proofs', async () => {
  const key = internalsOf(ring).encryptionKey('access', AUDIENCE);
  const exported = JSON.stringify(ring.exportAccessKeys(AUDIENCE));
  const provenance = key.alg === 'dir' ? key.provenance?.export().toString('base64url') : undefined;

  expect(provenance).toHaveLength(43);
  expect(exported).not.toContain(provenance);
});
