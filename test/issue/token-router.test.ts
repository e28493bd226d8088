import { beforeAll, describe, expect, test } from '@jest/globals';
import express, { type Express, type RequestHandler } from 'express';
import {
  createAuditTrail,
  createKeyRing,
  InvalidTokenError,
  type KeyRing,
  MissingCredentialsError,
  RateLimitExceededError,
  type TokenRouterOptions,
  tokenRouter,
} from 'passport-jwe';
import type { ApiKeyRegistry } from 'passport-jwe/api-keys';
import type { AuditRecord } from 'passport-jwe/audit';
import request from 'supertest';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { loadFiles } from '../support/api-key-files.js';
import { sendRaw } from '../support/http.js';
import { createIssuerAndVerifier } from '../support/issuer-and-verifier.js';
import { AUDIENCE, clock, createRing, ISSUER, NOW } from '../support/tokens.js';

const SECRET = 'sk-demo-0123456789abcdef';

const FILES = {
  'demo.yaml': `
api_key: ${SECRET}
key_id: demo
name: Demo key
type: api_call
permissions: [read:documents, write:documents]
endpoints: ["GET /documents"]
rate_limits: {}
users: true
`,
  'odd.yaml': `
api_key: "p@ss word+%:ü"
key_id: odd~key
name: Odd key
type: api_call
rate_limits: {}
`,
  'two.yaml': `
api_key: sk-two-audiences
key_id: two
name: Two audiences
type: api_call
rate_limits: {}
audiences: [https://a.example.com, https://b.example.com]
`,
  'inactive.yaml': `
api_key: sk-inactive
name: Inactive
type: api_call
rate_limits: {}
active: false
`,
  'expired.yaml': `
api_key: sk-expired
name: Expired
type: api_call
rate_limits: {}
expires_at: 2029-12-31T23:59:59Z
`,
};

let keyRing: KeyRing;
let apiKeys: ApiKeyRegistry;

beforeAll(async () => {
  keyRing = await createRing();
  apiKeys = await loadFiles(FILES);
});

function createApp(
  options: Partial<TokenRouterOptions> = {},
  earlier: readonly RequestHandler[] = [],
): Express {
  const app = express();
  app.set('env', 'test');
  for (const middleware of earlier) app.use(middleware);
  app.use('/oauth', tokenRouter({ keyRing, issuer: ISSUER, audience: AUDIENCE, apiKeys, clock, ...options }));
  return app;
}

function exchange(parameters: Record<string, string>, app = createApp()) {
  return request(app)
    .post('/oauth/token')
    .type('form')
    .set('X-API-Key', SECRET)
    .send({
      grant_type: 'client_credentials',
      ...parameters,
    });
}

function verify(token: string, audience = AUDIENCE) {
  return createIssuerAndVerifier({ keyRing, issuer: ISSUER, audience, clock }).verify(token);
}

describe('a token request that is granted', () => {
  test('is answered according to RFC 6749 §5.1', async () => {
    const answer = await exchange({});

    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      pragma: 'no-cache',
    });
    expect(answer.body).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/),
      token_type: 'Bearer',
      expires_in: 600,
      scope: 'read:documents write:documents',
    });
  });

  test('yields a token with its owner and rights', async () => {
    const { body } = await exchange({});

    expect((await verify(body.access_token)).claims).toEqual({
      iss: ISSUER,
      aud: AUDIENCE,
      sub: 'demo',
      client_id: 'demo',
      iat: NOW,
      nbf: NOW,
      exp: NOW + 600,
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      scope: 'read:documents write:documents',
      permissions: ['read:documents', 'write:documents'],
      type: 'api_call',
      api_key_name: 'Demo key',
      allowed_endpoints: ['GET /documents'],
      metadata: {},
      rate_limits: {
        requests_per_minute: 60,
        tokens_per_minute: 10_000,
        requests_per_hour: 1000,
        concurrent_requests: 5,
      },
    });
  });

  test('may be JSON', async () => {
    const answer = await request(createApp()).post('/oauth/token').send({
      grant_type: 'client_credentials',
      client_id: 'demo',
      client_secret: SECRET,
      scope: 'read:documents',
    });

    expect(answer.body.scope).toBe('read:documents');
  });

  test.each([
    ['express.urlencoded()', express.urlencoded({ extended: true })],
    ['express.json()', express.json()],
  ])('may be parsed by %s that the application mounted earlier', async (_name, parser) => {
    const answer = await exchange({ scope: 'read:documents' }, createApp({}, [parser]));

    expect(answer.body.scope).toBe('read:documents');
  });

  test.each([
    ['an adapter has joined', ['Basic YTpi, Bearer sk-1'], 400],
    ['an adapter lists', ['Basic YTpi', 'Bearer sk-1'], 400],
    ['is wrong, set by middleware', 'Bearer sk-1', 401],
  ])('is authenticated by the Authorization header that %s', async (_what, authorization, status) => {
    const setHeader: RequestHandler = (req, _res, next) => {
      Object.assign(req.headers, { authorization });
      next();
    };
    const answer = await request(createApp({}, [setHeader]))
      .post('/oauth/token')
      .type('form')
      .send({ grant_type: 'client_credentials' });

    expect(answer.status).toBe(status);
  });

  test('narrows the scope to the requested scope', async () => {
    const { body } = await exchange({ scope: 'write:documents' });

    expect((await verify(body.access_token)).scope).toEqual(['write:documents']);
  });

  test('is for the requested audience, under the key of that audience', async () => {
    const app = createApp();
    const answer = await request(app)
      .post('/oauth/token')
      .type('form')
      .send({ grant_type: 'client_credentials', client_id: 'two', client_secret: 'sk-two-audiences' })
      .send({ resource: 'https://b.example.com' });

    expect((await verify(answer.body.access_token, 'https://b.example.com')).claims.aud).toBe(
      'https://b.example.com',
    );
    await expect(verify(answer.body.access_token, AUDIENCE)).rejects.toMatchObject({
      code: 'ERR_INVALID_TOKEN',
    });
  });

  test.each(['https://a.example.com/', 'https://A.example.com', 'https://a.example.com:443'])(
    'has the configured spelling of an equal target: %s (RFC 8707 §2)',
    async (resource) => {
      const answer = await exchange({ resource }).set('X-API-Key', 'sk-two-audiences');

      expect((await verify(answer.body.access_token, 'https://a.example.com')).claims.aud).toBe(
        'https://a.example.com',
      );
    },
  );

  test.each([
    'resource=https://a.example.com&resource=https://a.example.com',
    'resource=https://a.example.com&resource=https://a.example.com/',
    'audience=https://a.example.com&resource=https://a.example.com/',
  ])('may repeat an equal target: %s (RFC 8707 §2)', async (targets) => {
    const answer = await request(createApp())
      .post('/oauth/token')
      .set('X-API-Key', 'sk-two-audiences')
      .type('form')
      .send(`grant_type=client_credentials&${targets}`);

    expect(answer.status).toBe(200);
  });

  test('is issued for the user that the key asserts', async () => {
    const { body } = await exchange({ user: 'alice', session_id: 's1' });

    expect((await verify(body.access_token)).claims).toMatchObject({
      sub: 'alice',
      client_id: 'demo',
      session_id: 's1',
    });
  });

  test('carries the custom claims, derived from the request', async () => {
    const app = createApp({
      claims: (apiKey, { scope, audience, user, deviceId, ip, userAgent }) => ({
        plan: {
          key: apiKey.keyId,
          scope,
          audience,
          user: user ?? null,
          device: deviceId ?? null,
          ip: ip ?? null,
          userAgent: userAgent ?? null,
        },
      }),
    });
    const { body } = await exchange({ user: 'alice', device_id: 'd1' }, app).set('User-Agent', 'curl/8');

    expect((await verify(body.access_token)).claims['plan']).toEqual({
      key: 'demo',
      scope: ['read:documents', 'write:documents'],
      audience: AUDIENCE,
      user: 'alice',
      device: 'd1',
      ip: expect.stringContaining('127.0.0.1'),
      userAgent: 'curl/8',
    });
  });

  test('ignores unknown and empty parameters', async () => {
    expect((await exchange({ foo: 'bar', scope: '', audience: '' })).status).toBe(200);
  });
});

describe('client authentication', () => {
  const form = { grant_type: 'client_credentials' };
  const send = (app = createApp()) => request(app).post('/oauth/token').type('form');
  const basic = (user: string, password: string) =>
    `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

  test('accepts HTTP Basic, with form-encoded client ID and secret', async () => {
    const halves = ['odd~key', 'p@ss word+%:ü'].map((half) =>
      encodeURIComponent(half).replaceAll('%20', '+'),
    );
    const answer = await send()
      .set('Authorization', basic(halves[0] ?? '', halves[1] ?? ''))
      .send(form);

    expect(answer.status).toBe(200);
  });

  test('accepts HTTP Basic without form encoding, as curl -u sends it (RFC 6749 §2.3.1)', async () => {
    const answer = await send().set('Authorization', basic('odd~key', 'p@ss word+%:ü')).send(form);

    expect(answer.status).toBe(200);
  });

  test.each(['sk+/9%2B==', 'sk%41+'])(
    'accepts the key %j in HTTP Basic, with and without form encoding (RFC 6749 §2.3.1)',
    async (secret) => {
      const file = String(FILES['odd.yaml']).replace(/api_key: .*/, `api_key: "${secret}"`);
      const app = createApp({ apiKeys: await loadFiles({ 'odd.yaml': file }) });
      for (const password of [secret, encodeURIComponent(secret)]) {
        const answer = await send(app).set('Authorization', basic('odd~key', password)).send(form);
        expect(answer.status).toBe(200);
      }
    },
  );

  test('accepts HTTP Basic with client_id in the body', async () => {
    const answer = await send()
      .set('Authorization', basic('demo', SECRET))
      .send({ ...form, client_id: 'demo' });

    expect(answer.status).toBe(200);
  });

  test('accepts client_id and client_secret in the body', async () => {
    expect((await send().send({ ...form, client_id: 'demo', client_secret: SECRET })).status).toBe(200);
  });

  test('accepts X-API-Key', async () => {
    expect((await send().set('X-API-Key', SECRET).send(form)).status).toBe(200);
  });

  test('accepts the API key as a bearer token', async () => {
    expect((await send().set('Authorization', `Bearer ${SECRET}`).send(form)).status).toBe(200);
  });

  test.each([
    ['Basic and X-API-Key', { Authorization: basic('demo', SECRET), 'X-API-Key': SECRET }, {}],
    [
      'Basic and the body',
      { Authorization: basic('demo', SECRET) },
      { client_id: 'demo', client_secret: SECRET },
    ],
    ['Bearer and X-API-Key', { Authorization: `Bearer ${SECRET}`, 'X-API-Key': SECRET }, {}],
    ['X-API-Key and the body', { 'X-API-Key': SECRET }, { client_id: 'demo', client_secret: SECRET }],
  ])('rejects two methods: %s', async (_name, headers, body) => {
    const answer = await send()
      .set(headers)
      .send({ ...form, ...body });

    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });

  test('rejects two Authorization headers', async () => {
    const line = `Authorization: ${basic('demo', SECRET)}`;
    const answer = await sendRaw(createApp(), [
      'POST /oauth/token HTTP/1.1',
      line,
      line,
      'Content-Length: 0',
    ]);

    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body).error).toBe('invalid_request');
  });

  test('rejects a client_id that does not match the credentials', async () => {
    const answer = await send()
      .set('Authorization', basic('demo', SECRET))
      .send({ ...form, client_id: 'two' });

    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });

  test.each([
    ['no credentials', {}, 'Basic realm="token"'],
    ['an unknown key', { 'X-API-Key': 'sk-unknown' }, 'Basic realm="token"'],
    ['an inactive key', { 'X-API-Key': 'sk-inactive' }, 'Basic realm="token"'],
    ['an expired key', { 'X-API-Key': 'sk-expired' }, 'Basic realm="token"'],
    ['a key under another name', { Authorization: basic('two', SECRET) }, 'Basic realm="token"'],
    [
      'Basic without a colon',
      { Authorization: `Basic ${Buffer.from('demo').toString('base64')}` },
      'Basic realm="token"',
    ],
    ['Basic that is not base64', { Authorization: 'Basic ***' }, 'Basic realm="token"'],
    ['an unknown key as a bearer', { Authorization: 'Bearer sk-unknown' }, 'Bearer realm="token"'],
    ['another scheme', { Authorization: 'Digest username="demo"' }, 'Basic realm="token"'],
  ])(
    'answers %s with the same invalid_client, in the scheme of the request',
    async (_name, headers, challenge) => {
      const answer = await send().set(headers).send(form);

      expect(answer.status).toBe(401);
      expect(answer.headers).toMatchObject({ 'www-authenticate': challenge, 'cache-control': 'no-store' });
      expect(answer.body).toEqual({
        error: 'invalid_client',
        error_description: 'Client authentication failed',
      });
    },
  );
});

describe('a rejected token request', () => {
  test.each([
    ['without a grant type', { grant_type: '' }, 400, 'invalid_request'],
    ['with an unknown grant type', { grant_type: 'password' }, 400, 'unsupported_grant_type'],
    ['for a scope beyond the key', { scope: 'admin:configurations' }, 400, 'invalid_scope'],
    [
      'for a scope that only begins like one of the key',
      { scope: 'read:documents-all' },
      400,
      'invalid_scope',
    ],
    ['for a malformed scope', { scope: 'a"b' }, 400, 'invalid_scope'],
    ['for an unknown audience', { audience: 'https://other.example.com' }, 400, 'invalid_target'],
    [
      'for an audience and a resource that differ',
      { audience: AUDIENCE, resource: 'https://x.example' },
      400,
      'invalid_target',
    ],
    ['with a malformed user', { user: 'a b' }, 400, 'invalid_request'],
    ['with a session_id that is too long', { session_id: 'x'.repeat(129) }, 400, 'invalid_request'],
  ])('%s is answered according to RFC 6749 §5.2', async (_name, parameters, status, error) => {
    const answer = await exchange(parameters);

    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' });
    expect(answer.headers['www-authenticate']).toBeUndefined();
    expect(answer.body).toEqual({ error, error_description: expect.any(String) });
  });

  test('by a key that may not assert a user', async () => {
    const answer = await exchange({ user: 'alice', audience: 'https://a.example.com' }).set(
      'X-API-Key',
      'sk-two-audiences',
    );

    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });

  test.each([
    'resource=https://a.example.com&resource=https://b.example.com',
    'resource=https://a.example.com&resource=',
    'resource=https://a.example.com&resource=https://a.example.com//',
    'audience=https://a.example.com&resource=https://b.example.com',
  ])('with targets that differ, even if each is allowed: %s (RFC 8707 §2)', async (targets) => {
    const answer = await request(createApp())
      .post('/oauth/token')
      .set('X-API-Key', 'sk-two-audiences')
      .type('form')
      .send(`grant_type=client_credentials&${targets}`);

    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_target' } });
  });

  test('without an audience, if the key has several', async () => {
    const answer = await exchange({}).set('X-API-Key', 'sk-two-audiences');

    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_target' } });
  });

  test.each([
    ['scope=a&scope=b', 'invalid_request'],
    ['grant_type=client_credentials', 'invalid_request'],
  ])('with a repeated parameter: %s', async (repeated, error) => {
    const answer = await request(createApp())
      .post('/oauth/token')
      .set('X-API-Key', SECRET)
      .type('form')
      .send(`grant_type=client_credentials&${repeated}`);

    expect(answer).toMatchObject({ status: 400, body: { error } });
  });

  test.each([['GET'], ['PUT'], ['DELETE'], ['PATCH']])('for its method %s', async (method) => {
    const answer = await sendRaw(createApp(), [`${method} /oauth/token HTTP/1.1`]);

    expect(answer).toMatchObject({ status: 405, headers: { allow: 'POST', 'cache-control': 'no-store' } });
    expect(JSON.parse(answer.body).error).toBe('invalid_request');
  });

  test.each([
    ['another media type', 'text/plain', 'x', 415],
    ['an unknown charset', 'application/json; charset=klingon', '{}', 415],
    ['malformed JSON', 'application/json', '{"a":', 400],
    ['JSON that is no object', 'application/json', '[1]', 400],
    ['JSON that names a parameter twice', 'application/json', '{"scope":"a","scope":"b"}', 400],
    ['a body that is too large', 'application/x-www-form-urlencoded', `a=${'x'.repeat(20_000)}`, 413],
  ])('for %s', async (_name, type, body, status) => {
    const answer = await request(createApp()).post('/oauth/token').set('Content-Type', type).send(body);

    expect(answer.status).toBe(status);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.body).toEqual({ error: expect.any(String), error_description: expect.any(String) });
  });

  test('for a compressed body', async () => {
    const answer = await request(createApp())
      .post('/oauth/token')
      .set({ 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' })
      .send('x');

    expect(answer.status).toBe(415);
  });

  test.each([[{ scope: ['a'] }], [{ scope: { a: 'b' } }], [{ scope: 1 }], [{ grant_type: true }]])(
    'for JSON parameters that are not strings: %j',
    async (parameters) => {
      const answer = await request(createApp())
        .post('/oauth/token')
        .set('X-API-Key', SECRET)
        .send({ grant_type: 'client_credentials', ...parameters });

      expect(answer.status).toBe(400);
    },
  );

  test('by the limit of a claims hook, with Retry-After', async () => {
    const app = createApp({
      claims: () => {
        throw new RateLimitExceededError(30);
      },
    });
    const answer = await exchange({}, app);

    expect(answer).toMatchObject({ status: 429, body: { error: 'rate_limit_exceeded' } });
    expect(answer.headers).toMatchObject({ 'retry-after': '30', 'cache-control': 'no-store' });
  });

  test('with 503 while a required audit sink fails', async () => {
    const sink = { write: () => Promise.reject(new Error('disk full')) };
    const audit = createAuditTrail({ required: [sink], onSinkError: () => {} });
    const answer = await exchange({}, createApp({ audit }));

    expect(answer).toMatchObject({ status: 503, body: { error: 'temporarily_unavailable' } });
    expect(answer.headers['retry-after']).toBe('1');
  });

  test('by a hook that returns a reserved claim, as a programming error', async () => {
    expect((await exchange({}, createApp({ claims: () => ({ sub: 'root' }) }))).status).toBe(500);
  });
});

describe('a claims hook that fails', () => {
  test.each([
    ['with a status', Object.assign(new Error('upstream'), { status: 400 })],
    ['with a status of 413', Object.assign(new Error('upstream'), { status: 413 })],
    ['with a failure of the resource side', new InvalidTokenError('expired')],
    ['with a failure without an error code', new MissingCredentialsError()],
  ])('%s is a programming error, not an error of the client', async (_name, failure) => {
    const app = createApp({ claims: () => Promise.reject(failure) });

    expect((await exchange({}, app)).status).toBe(500);
  });

  test('after a timeout has already answered does not crash the process', async () => {
    let release: () => void = () => {};
    const answered = new Promise<void>((resolve) => {
      release = resolve;
    });
    const timeOut: RequestHandler = (_req, res, next) => {
      next();
      res.status(503).json({});
      release();
    };
    const answer = await exchange({}, createApp({ claims: () => answered.then(() => ({})) }, [timeOut]));

    expect(answer.status).toBe(503);
  });

  test('after its API key has expired yields no token', async () => {
    let now = NOW;
    const keys = await loadFiles({ 'a.yaml': `${FILES['two.yaml']}expires_at: 2030-01-01T00:00:10Z\n` });
    const app = createApp({
      apiKeys: keys,
      clock: () => now,
      claims: () => {
        now += 11;
        return {};
      },
    });
    const answer = await exchange({ audience: 'https://a.example.com' }, app).set(
      'X-API-Key',
      'sk-two-audiences',
    );

    expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  });
});

describe('the audit log of the token endpoint', () => {
  async function recordsOf(send: (app: Express) => Promise<unknown>): Promise<AuditRecord[]> {
    const records: AuditRecord[] = [];
    const audit = createAuditTrail({ sinks: [{ write: (record) => void records.push(record) }], clock });
    await send(createApp({ audit }));
    return records;
  }

  test('contains the identities of the issued token, but not the token', async () => {
    const records = await recordsOf((app) => exchange({ user: 'alice' }, app));

    expect(records).toEqual([
      {
        type: 'token.issued',
        time: '2030-01-01T00:00:00Z',
        jti: expect.any(String),
        clientId: 'demo',
        subject: 'alice',
        subjectAsserted: true,
        audience: AUDIENCE,
        scope: 'read:documents write:documents',
        tokenType: 'api_call',
        expiresAt: NOW + 600,
        kid: internalsOf(keyRing).encryptionKey('access', AUDIENCE).kid,
        ip: expect.stringContaining('127.0.0.1'),
      },
    ]);
  });

  test.each([
    ['inactive+key', true],
    ['inactive%2Bkey', true],
    ['unknown+key', false],
  ])('contains the reason of the reading of HTTP Basic that names a key: %s', async (secret, isKnown) => {
    const records: AuditRecord[] = [];
    const audit = createAuditTrail({ sinks: [{ write: (record) => void records.push(record) }], clock });
    const file = String(FILES['inactive.yaml']).replace('sk-inactive', 'inactive+key\nkey_id: inactive');
    const app = createApp({ audit, apiKeys: await loadFiles({ 'inactive.yaml': file }) });
    await exchange({}, app).unset('X-API-Key').auth('inactive', secret);

    expect(records).toMatchObject([{ reason: isKnown ? 'inactive' : 'unknown_key' }]);
  });

  test('contains the reason of a rejection, which the response does not', async () => {
    const records = await recordsOf((app) => exchange({}, app).set('X-API-Key', 'sk-expired'));

    expect(records).toMatchObject([
      { type: 'issuance.refused', code: 'ERR_INVALID_CLIENT', reason: 'expired' },
    ]);
  });

  test('does not record a malformed address from a header', async () => {
    const records = await recordsOf((app) => {
      app.set('trust proxy', true);
      return exchange({}, app).set('X-Forwarded-For', 'password=hunter2');
    });

    expect(records).toMatchObject([{ type: 'client_address.unknown' }, { type: 'token.issued' }]);
    expect(records[1]).not.toHaveProperty('ip');
  });

  test('names the client of a rejected request only if it authenticated', async () => {
    const records = await recordsOf((app) => exchange({ scope: 'admin' }, app));

    expect(records).toMatchObject([
      { type: 'issuance.refused', code: 'ERR_INVALID_SCOPE', clientId: 'demo' },
    ]);
  });
});

describe('tokenRouter', () => {
  test('rejects a key ring that only decrypts', async () => {
    const exported = await createKeyRing({ current: { jwks: keyRing.exportAccessKeys(AUDIENCE) } });

    expect(() => createApp({ keyRing: exported })).toThrow('can only decrypt');
  });

  test.each([
    ['apiKeys', { apiKeys: undefined }],
    ['keyRing', { keyRing: undefined }],
    ['issuer', { issuer: undefined }],
    ['audience', { audience: undefined }],
  ])('requires %s', (name, missing) => {
    const options = { keyRing, issuer: ISSUER, audience: AUDIENCE, apiKeys };

    expect(() => Reflect.apply(tokenRouter, undefined, [{ ...options, ...missing }])).toThrow(
      expect.objectContaining({ name: 'TypeError', message: expect.stringContaining(name) }),
    );
  });
});
