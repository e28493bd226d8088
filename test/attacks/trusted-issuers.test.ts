import { beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import express, { type RequestHandler } from 'express';
import { CompactEncrypt, compactDecrypt, importJWK } from 'jose';
import {
  type AcceptOptions,
  authenticate,
  createAuditTrail,
  createDecryptionKeys,
  createKeyRing,
  createLimits,
  createMemoryStores,
  createRevocations,
  createSessions,
  type DecryptionKeys,
  limitRequests,
  type Revocations,
  requireAudience,
  requireClaim,
  requireProof,
  requireScope,
  requireType,
  sessionRouter,
  type TrustedIssuer,
  type TrustedIssuerOptions,
  tokenRouter,
  trustedIssuer,
  type VerifiedToken,
  verifiedToken,
} from 'passport-jwe';
import type { AuditRecord } from 'passport-jwe/audit';
import { createMonitor, type SuspiciousUse } from 'passport-jwe/monitor';
import type { Stores } from 'passport-jwe/stores';
import request from 'supertest';
import { loadFiles } from '../support/api-key-files.js';
import { until } from '../support/connections.js';
import { generateRecipient, generateSigner } from '../support/key-pairs.js';
import { createParties, forgeNested, type Parties } from '../support/signed-tokens.js';
import { AUDIENCE, ISSUER, NOW, secretOf } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

const PARTNER = 'https://partner.example.com';
const REPORTS = 'https://reports.example.com';
const LIMITS = { requests_per_minute: 2, tokens_per_minute: 9, requests_per_hour: 9, concurrent_requests: 9 };

/** What ours says of alice, and the partner too: everything but `iss` and the signature is the same. */
const ALICE = {
  ...{ type: 'api_call', client_id: 'demo', sub: 'alice', session_id: 's1', jti: 'j1' },
  ...{ scope: 'read manage:sessions', allowed_endpoints: ['GET /*'], rate_limits: LIMITS },
};

let ours: Parties;
let partner: Parties;
let decryption: DecryptionKeys;
let stores: Stores;
let revocations: Revocations;
let records: AuditRecord[];
let alerts: SuspiciousUse[];

beforeAll(async () => {
  ours = await createParties();
  partner = await createParties(
    generateRecipient('ECDH-ES', { kid: 'partner' }, 'X25519'),
    generateSigner('EdDSA', { kid: 'partner-1' }),
  );
  decryption = await createDecryptionKeys({ jwk: partner.recipient.privateJwk });
});

beforeEach(() => {
  stores = createMemoryStores({ clock: () => NOW });
  revocations = createRevocations({ stores, clock: () => NOW });
  records = [];
  alerts = [];
});

const issue = (claims: Record<string, unknown> = {}) =>
  forgeNested(ours, { claims: { ...ALICE, ...claims } });
const issueByPartner = (claims: Record<string, unknown> = {}) =>
  forgeNested(partner, { claims: { ...ALICE, iss: PARTNER, ...claims } });

const trusting = (changes: Partial<TrustedIssuerOptions> = {}): TrustedIssuer =>
  trustedIssuer({
    ...{ issuer: PARTNER, audience: AUDIENCE, scopes: ['read', 'manage:sessions'] },
    ...{ decryption, verification: partner.verificationKeys },
    ...changes,
  });

function optionsOf(changes: Partial<AcceptOptions> = {}): AcceptOptions {
  return {
    ...{ keyRing: ours.serverRing, issuer: ISSUER, audience: [AUDIENCE, REPORTS], clock: () => NOW },
    verification: { [ISSUER]: ours.verificationKeys },
    ...{ trustedIssuers: [trusting()], revocations },
    ...changes,
  };
}

/** What a guarded route says of a token. */
async function use(token: string, options: Partial<AcceptOptions> = {}, ...guards: RequestHandler[]) {
  let verified: VerifiedToken | undefined;
  const app = express().set('trust proxy', 1).set('env', 'test');
  app.get('/', authenticate(optionsOf(options)), ...guards, (req, res) => {
    verified = verifiedToken(req);
    res.json({});
  });
  const { status } = await request(app).get('/').auth(token, { type: 'bearer' });
  return { status, token: verified };
}

const statusOf = async (...parameters: Parameters<typeof use>) => (await use(...parameters)).status;

describe('a token of a trusted issuer', () => {
  test.each([
    ...['tiered_model_exec', 'function_call', 'api_call', 'service', 'delegation', 'refresh', 'unheard of'],
    undefined,
  ])('is external, although it claims to be %s', async (type) => {
    const token = await issueByPartner({ type });

    expect(await use(token)).toMatchObject({ status: 200, token: { type: 'external' } });
    expect(await statusOf(token, {}, requireType('api_call', 'service', 'foreign'))).toBe(403);
    expect(await statusOf(token, {}, requireType('external'))).toBe(200);
  });

  test('has only the scope that its issuer may grant', async () => {
    const token = await issueByPartner({ scope: 'admin read' });
    const { token: verified } = await use(token);

    expect(verified?.scope).toEqual(['read']);
    expect(verified?.claims.scope).toBe('read');
    expect(await statusOf(token, {}, requireScope('admin'))).toBe(403);
    expect(
      (await use(token, { trustedIssuers: [trusting({ scopes: [] })] })).token?.claims,
    ).not.toHaveProperty('scope');
  });

  test.each(['scp', 'scopes', 'permissions'])('exposes no ungranted scope in %s either', async (name) => {
    const token = await issueByPartner({ scope: undefined, [name]: ['admin', 'read'] });
    const { token: verified } = await use(token, { scopeClaim: name });

    expect(verified?.scope).toEqual(['read']);
    expect(verified?.claims).not.toHaveProperty(name);
    expect((await use(token)).token?.claims).not.toHaveProperty(name);
    expect(await statusOf(await issueByPartner({ scope: 'admin' }), { requiredClaims: ['scope'] })).toBe(401);
  });

  test('exposes no claim reserved for our tokens', async () => {
    const token = await issueByPartner({
      type: 'delegation',
      lineage: [{ jti: 'j' }],
      tenant: 'acme',
      metadata: {},
    });
    const { token: verified } = await use(token);

    expect(Object.keys(verified?.claims ?? {}).sort()).toEqual(
      ['aud', 'client_id', 'exp', 'iat', 'iss', 'jti', 'nbf', 'scope', 'session_id', 'sub', 'tenant'].sort(),
    );
    expect(Object.isFrozen(verified?.claims)).toBe(true);
  });

  test.each([
    ['client_id', 'demo'],
    ['sub', 'alice'],
    ['session_id', 's1'],
    ['type', 'api_call'],
  ])('passes no requireClaim for our %s', async (name, value) => {
    expect(await statusOf(await issueByPartner(), {}, requireClaim(name, value))).toBe(403);
    expect(await statusOf(await issue(), {}, requireClaim(name, value))).toBe(200);
    expect(await statusOf(await issueByPartner(), {}, requireClaim('iss', PARTNER))).toBe(200);
  });

  test.each([['x'], 7, null, ''])('may have any value as its type: %j', async (type) => {
    expect(await statusOf(await issueByPartner({ type }))).toBe(200);
  });

  test('cannot be encrypted under a key of ours', async () => {
    const token = await issueByPartner();
    const jwk = { kty: 'oct', kid: 'shared', alg: 'A256GCM', k: secretOf(5).toString('base64url') };
    const keyRing = await createKeyRing({ current: { jwk } });
    const { plaintext } = await compactDecrypt(token, await importJWK({ ...partner.recipient.privateJwk }));
    const header = { alg: 'dir', enc: 'A256GCM', kid: 'shared', typ: 'at+jwt', cty: 'JWT' };
    const rewrapped = await new CompactEncrypt(plaintext).setProtectedHeader(header).encrypt(secretOf(5));
    const toOurKey = await forgeNested(
      { recipient: ours.recipient, signer: partner.signer },
      { claims: { ...ALICE, iss: PARTNER } },
    );

    expect(await statusOf(rewrapped, { keyRing })).toBe(401);
    expect(await statusOf(toOurKey)).toBe(401);
  });

  test('proves nothing about tokens of ours', async () => {
    expect(await statusOf(await issueByPartner(), {}, requireProof())).toBe(403);
    expect(await statusOf(await issue(), {}, requireProof())).toBe(200);
  });

  test('has no more subjects at a time than one of our API keys has users', async () => {
    const limits = createLimits({ stores, clock: () => NOW, maxUsersPerKey: 2 });
    const limited = limitRequests({ limits });
    const statuses = [];
    for (const sub of ['a', 'b', 'c'])
      statuses.push(await statusOf(await issueByPartner({ sub }), {}, limited));

    expect(statuses).toEqual([200, 200, 429]);
  });

  test('exposes only audiences that are configured for its issuer', async () => {
    const token = await issueByPartner({ aud: [AUDIENCE, REPORTS] });

    expect((await use(token)).token?.claims.aud).toEqual([AUDIENCE]);
    expect(await statusOf(token, {}, requireAudience(REPORTS))).toBe(401);
    expect(await statusOf(await issue({ aud: [AUDIENCE, REPORTS] }), {}, requireAudience(REPORTS))).toBe(200);
    expect(await statusOf(await issueByPartner({ aud: REPORTS }))).toBe(401);
  });

  test('must be signed by its issuer: a shared key proves nothing', async () => {
    const byOurSigner = forgeNested(ours, { claims: { ...ALICE, iss: PARTNER } });
    const inOurName = forgeNested(partner, { claims: ALICE });

    expect(await statusOf(await byOurSigner)).toBe(401);
    expect(await statusOf(await inOurName)).toBe(401);
  });

  test('cannot list or end our sessions, although it names our client and user', async () => {
    const apiKeys = await loadFiles({
      'demo.yaml':
        'api_key: sk-demo\nkey_id: demo\nname: Demo\ntype: api_call\nrate_limits: {}\nusers: true\n',
    });
    const { issuerRing, signing } = ours;
    const app = express();
    const server = { keyRing: issuerRing, signing, issuer: ISSUER, revocations, clock: () => NOW };
    app.use('/oauth', tokenRouter({ ...server, audience: AUDIENCE, apiKeys, stores }));
    const sessions = createSessions({ stores, revocations, clock: () => NOW });
    app.use('/sessions', authenticate(optionsOf()), sessionRouter({ sessions }));
    const begun = await request(app)
      .post('/oauth/token')
      .auth('demo', 'sk-demo')
      .type('form')
      .send({ grant_type: 'client_credentials', scope: 'offline_access', user: 'alice', session_id: 's1' });

    for (const method of ['get', 'delete'] as const) {
      const answer = await request(app)
        [method]('/sessions')
        .auth(await issueByPartner(), { type: 'bearer' });
      expect(answer).toMatchObject({ status: 403, body: { error: 'access_denied' } });
    }
    expect(begun.status).toBe(200);
    expect((await sessions.list({ clientId: 'demo', subject: 'alice' })).sessions).toHaveLength(1);
  });

  test('does not consume the limits of our API keys', async () => {
    const limits = createLimits({ stores, clock: () => NOW });
    const limited = limitRequests({ limits });
    for (let count = 0; count < 5; count += 1) await use(await issueByPartner(), {}, limited);

    expect(await statusOf(await issue(), {}, limited)).toBe(200);
    expect(await statusOf(await issue(), {}, limited)).toBe(200);
    expect(await statusOf(await issue(), {}, limited)).toBe(429);
  });

  test('has separate limits, by client and subject of its issuer', async () => {
    const limits = createLimits({ stores, clock: () => NOW, defaultLimits: LIMITS });
    const limited = limitRequests({ limits });
    const statuses = [];
    for (const sub of ['alice', 'alice', 'bob', 'alice']) {
      statuses.push(await statusOf(await issueByPartner({ sub, rate_limits: undefined }), {}, limited));
    }

    expect(statuses).toEqual([200, 200, 200, 429]);
  });

  test('does not depend on one of our API keys with the ID of its client', async () => {
    const apiKeys = { get: () => undefined };

    expect(await statusOf(await issueByPartner(), { apiKeys })).toBe(200);
    expect(await statusOf(await issue(), { apiKeys })).toBe(401);
  });

  test('cannot be exchanged', async () => {
    const apiKeys = await loadFiles({
      'demo.yaml':
        'api_key: sk-demo\nkey_id: demo\nname: Demo\ntype: api_call\nrate_limits: {}\npermissions: [read]\n' +
        `delegation: { subjects: [demo], audiences: [${REPORTS}] }\n`,
    });
    const { serverRing, signing } = ours;
    const server = { keyRing: serverRing, signing, issuer: ISSUER, clock: () => NOW };
    const app = express().use('/oauth', tokenRouter({ ...server, audience: AUDIENCE, apiKeys }));
    const exchange = async (subjectToken: string) =>
      (
        await request(app).post('/oauth/token').auth('demo', 'sk-demo').type('form').send({
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          subject_token: subjectToken,
          subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        })
      ).status;

    expect(await exchange(await issueByPartner())).toBe(400);
    expect(await exchange(await issue())).not.toBe(500);
  });
});

describe('revocation', () => {
  const TARGETS = [
    { kind: 'token', jti: 'j1', expiresAt: NOW + 600 },
    { kind: 'token', jti: 'j1', clientId: 'demo', expiresAt: NOW + 600 },
    { kind: 'session', clientId: 'demo', sessionId: 's1' },
    { kind: 'session', clientId: 'demo', sessionId: 's1', subject: 'alice' },
    { kind: 'subject', clientId: 'demo', subject: 'alice' },
    { kind: 'api_key', clientId: 'demo' },
  ] as const;

  test.each(TARGETS)('of our own by %j leaves the token of a trusted issuer alone', async (target) => {
    await revocations.revoke(target);

    expect(await statusOf(await issue())).toBe(401);
    expect(await statusOf(await issueByPartner())).toBe(200);
  });

  test.each(TARGETS)('of a trusted issuer by %j leaves our own alone', async (target) => {
    await revocations.revoke({ ...target, issuer: PARTNER });

    expect(await statusOf(await issue())).toBe(200);
    expect(await statusOf(await issueByPartner())).toBe(401);
  });
});

describe('the audit trail and the monitor', () => {
  const watch = (answer: 'token' | 'api_key') => {
    const monitor = createMonitor({
      onSuspicion: (alert) => void alerts.push(alert),
      thresholds: { refusals_of_client: { count: 3 }, sudden_rate: { minCount: 1, warmUpWindows: 1 } },
      answer: {
        revocations: () => revocations,
        by: { token_from_many_addresses: answer, refusals_of_client: 'api_key' },
      },
    });
    const sinks = [monitor, { write: (record: AuditRecord) => void records.push(record) }];
    return createAuditTrail({ sinks, clock: () => NOW });
  };
  const useFrom = async (token: string, options: Partial<AcceptOptions>, count: number) => {
    const app = express().set('trust proxy', 1).set('env', 'test');
    app.get('/', authenticate(optionsOf(options)), (_req, res) => void res.json({}));
    for (let index = 0; index < count; index += 1) {
      await request(app).get('/').set('X-Forwarded-For', `192.0.2.${index}`).auth(token, { type: 'bearer' });
    }
  };

  test('distinguish two tokens with the same jti, client and subject', async () => {
    const audit = watch('token');
    const app = express().set('env', 'test');
    app.get('/', authenticate(optionsOf({ audit })), (_req, res) => void res.json({}));
    for (const token of [await issue(), await issueByPartner()]) {
      await request(app).get('/').auth(token, { type: 'bearer' });
    }

    const accepted = records.filter(({ type }) => type === 'token.accepted');
    expect(accepted).toHaveLength(2);
    expect(accepted[0]).not.toHaveProperty('issuer');
    expect(accepted[1]).toMatchObject({ issuer: PARTNER, jti: 'j1', clientId: 'demo' });
  });

  test.each(['token', 'api_key'] as const)(
    'answer an alert on a trusted issuer with its %s, not ours',
    async (answer) => {
      await useFrom(await issueByPartner(), { audit: watch(answer) }, 5);

      expect(alerts).toMatchObject([{ kind: 'token_from_many_addresses', issuer: PARTNER }]);
      await until(async () => (await statusOf(await issueByPartner())) === 401);
      expect(await statusOf(await issue())).toBe(200);
    },
  );

  test('do not count rejections of a trusted issuer against our API keys', async () => {
    const audit = watch('token');
    const app = express().set('env', 'test');
    app.get('/', authenticate(optionsOf({ audit })), requireScope('admin'), (_req, res) => void res.json({}));
    for (let index = 0; index < 5; index += 1) {
      await request(app)
        .get('/')
        .auth(await issueByPartner({ jti: `j${index}` }), { type: 'bearer' });
    }

    expect(alerts.filter(({ kind }) => kind === 'refusals_of_client')).toEqual([]);
    expect(await statusOf(await issue())).toBe(200);
  });
});

describe('trustedIssuers', () => {
  test('rejects a home issuer, and an object that is not from trustedIssuer()', () => {
    expect(() => authenticate(optionsOf({ trustedIssuers: [trusting({ issuer: ISSUER })] }))).toThrow(
      /a duplicate or a home issuer/,
    );
    expect(() => authenticate(optionsOf({ trustedIssuers: [untyped({ issuer: PARTNER })] }))).toThrow(
      /trustedIssuers\[0\] must be from trustedIssuer\(\)/,
    );
  });

  test('is recommended by one warning if several home issuers have their own keys', () => {
    const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const verification = { [ISSUER]: ours.verificationKeys, [PARTNER]: partner.verificationKeys };
    for (let count = 0; count < 2; count += 1) {
      authenticate(optionsOf({ issuer: [ISSUER, PARTNER], verification, trustedIssuers: [] }));
    }
    const warnings = emitWarning.mock.calls.map(([text]) => String(text));
    emitWarning.mockRestore();

    expect(warnings).toEqual([expect.stringContaining('from issuer to trustedIssuers')]);
  });

  test('rejects a duplicate issuer, and a value that is not an array', () => {
    expect(() => authenticate(optionsOf({ issuer: [ISSUER, ISSUER] }))).toThrow(
      /issuer contains a duplicate: list each home issuer once$/,
    );
    expect(() => authenticate(optionsOf({ trustedIssuers: [trusting(), trusting()] }))).toThrow(
      /a duplicate/,
    );
    expect(() => authenticate(optionsOf({ trustedIssuers: untyped({}) }))).toThrow(/must be an array/);
  });
});
