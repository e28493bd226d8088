import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import {
  admissionOf,
  authenticate,
  bearerErrors,
  createAuditTrail,
  createLimits,
  createMemoryStores,
  type LimitsOptions,
  limitRequests,
  TemporarilyUnavailableError,
} from 'passport-jwe';
import type { AuditRecord } from 'passport-jwe/audit';
import type { LimitStore } from 'passport-jwe/stores';
import request from 'supertest';
import { createIssuerAndVerifier } from '../support/issuer-and-verifier.js';
import { AUDIENCE, createRing, ISSUER, mintToken, NOW } from '../support/tokens.js';
import { untyped, untypedValue } from '../support/untyped.js';

const keyRing = await createRing();
const RATE_LIMITS = {
  requests_per_minute: 3,
  tokens_per_minute: 100,
  requests_per_hour: 1000,
  concurrent_requests: 2,
};

let now = NOW;
let store: LimitStore;
let isAway = false;
let records: AuditRecord[];
const servers: Server[] = [];

beforeEach(() => {
  now = NOW;
  isAway = false;
  records = [];
  const kept = createMemoryStores({ clock: () => now }).limits;
  const unlessAway = async <Result>(run: () => Promise<Result>): Promise<Result> => {
    if (isAway) throw new TemporarilyUnavailableError({ cause: new Error('Command timed out') });
    return run();
  };
  store = {
    admit: (step) => unlessAway(() => kept.admit(step)),
    renew: (step) => unlessAway(() => kept.renew(step)),
    settle: (step, used) => unlessAway(() => kept.settle(step, used)),
  };
});

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

interface Setting extends Partial<LimitsOptions> {
  readonly handler?: RequestHandler;
  readonly tokens?: unknown;
  readonly failWithError?: boolean;
}

/** A guarded route with limits. */
async function listen({ handler, tokens = 0, failWithError = false, ...options }: Setting = {}) {
  const clock = (): number => now;
  const audit = createAuditTrail({ sinks: [{ write: (record) => void records.push(record) }], clock });
  const limits = createLimits({ stores: { limits: store }, audit, clock, ...options });
  const app = express();
  app.use(authenticate({ keyRing, issuer: ISSUER, audience: AUDIENCE, audit, clock, failWithError }));
  app.get(
    '/',
    limitRequests({ limits, tokens: () => untypedValue(tokens) }),
    handler ?? ((_req, res) => void res.json({})),
  );
  app.use(bearerErrors());
  const server = createServer(app);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const tokenOf = (limits: object = {}, claims: object = {}) =>
  mintToken(keyRing, { claims: { ...claims, rate_limits: { ...RATE_LIMITS, ...limits } } });

const call = (server: Server, token = tokenOf()) => request(server).get('/').auth(token, { type: 'bearer' });

describe('limitRequests', () => {
  test('sends the limits and the remaining quota to the client', async () => {
    const { status, headers } = await call(await listen());

    expect(status).toBe(200);
    expect(headers['ratelimit-policy']).toBe(
      '"requests_per_minute";q=3;w=60;qu="requests", "requests_per_hour";q=1000;w=3600;qu="requests", ' +
        '"tokens_per_minute";q=100;w=60;qu="tokens"',
    );
    expect(headers['ratelimit']).toBe(
      '"requests_per_minute";r=2, "requests_per_hour";r=999, "tokens_per_minute";r=100',
    );
  });

  test.each([false, true])('answers 429 beyond a limit, failWithError: %s', async (failWithError) => {
    const server = await listen({ failWithError });
    for (const _ of [1, 2, 3]) expect((await call(server)).status).toBe(200);
    const { status, headers, body } = await call(server);

    expect(status).toBe(429);
    expect(headers['retry-after']).toBe('20');
    expect(headers['ratelimit']).toContain('"requests_per_minute";r=0;t=20');
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(headers).not.toHaveProperty('www-authenticate');
    expect(body).toEqual({
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      title: 'This API key has reached a limit',
      status: 429,
      'violated-policies': ['requests_per_minute'],
      error: 'rate_limit_exceeded',
      error_description: 'This API key has reached a limit',
    });
    expect(records.at(-1)).toMatchObject({ type: 'token.refused', code: 'ERR_RATE_LIMIT_EXCEEDED' });
  });

  test('counts each user of a key separately, if the key has limits per user', async () => {
    const server = await listen();
    const limits = { requests_per_minute: 100, per_user: { requests_per_minute: 1 } };
    const [alice, bob] = [tokenOf(limits, { sub: 'alice' }), tokenOf(limits, { sub: 'bob' })];
    expect((await call(server, alice)).status).toBe(200);
    const refused = await call(server, alice);

    expect(refused.body['violated-policies']).toEqual(['user_requests_per_minute']);
    expect((await call(server, bob)).status).toBe(200);
  });

  test('bounds the number of counted users of a key', async () => {
    const server = await listen({ maxUsersPerKey: 1 });
    const limits = { per_user: { requests_per_minute: 1 } };
    await call(server, tokenOf(limits, { sub: 'alice' }));
    const { status, body } = await call(server, tokenOf(limits, { sub: 'bob' }));

    expect([status, body['violated-policies']]).toEqual([429, ['users']]);
  });

  test('rejects a request without a token, and a request without authentication', async () => {
    expect((await request(await listen()).get('/')).status).toBe(401);
    const app = express();
    app.use(limitRequests({ limits: createLimits({ stores: { limits: store } }) }));

    expect((await request(app).get('/')).status).toBe(401);
  });
});

describe('a running request', () => {
  test('holds its slot until it is answered', async () => {
    const waiting: (() => void)[] = [];
    const server = await listen({ handler: (_req, res) => void waiting.push(() => res.json({})) });
    const token = tokenOf({ requests_per_minute: 100 });
    const [first, second] = [call(server, token), call(server, token)].map((sent) =>
      sent.then((answer) => answer),
    );
    while (waiting.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    expect((await call(server, token)).body['violated-policies']).toEqual(['concurrent_requests']);
    for (const answer of waiting.splice(0)) answer();
    await Promise.all([first, second]);
    const third = call(server, token).then((answer) => answer);
    while (waiting.length < 1) await new Promise((resolve) => setTimeout(resolve, 1));
    waiting[0]?.();

    expect((await third).status).toBe(200);
  });

  test('releases its slot as soon as its connection closes', async () => {
    let started = 0;
    const handler = (): void => {
      started += 1;
    };
    const server = await listen({ handler });
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const token = tokenOf({ requests_per_minute: 100, concurrent_requests: 1 });
    const text = `GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`;
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    while (started === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect((await call(server, token)).status).toBe(429);
    socket.destroy();
    const again = connect(port, '127.0.0.1');
    while (started < 2) {
      again.write(text);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    again.destroy();

    expect(started).toBeGreaterThan(1);
  });
});

describe('model tokens', () => {
  test('are reserved before and settled after: unused tokens are returned', async () => {
    const server = await listen({
      tokens: 90,
      handler: (req, res) =>
        void admissionOf(req)
          .settle({ tokens: 10 })
          .then(() => res.json({})),
    });
    await call(server);

    expect((await call(server)).headers['ratelimit']).toContain('"tokens_per_minute";r=0');
    expect((await call(server)).status).toBe(429);
  });

  test('count as reserved without a settlement', async () => {
    const server = await listen({ tokens: 60 });
    await call(server);

    expect((await call(server)).body['violated-policies']).toEqual(['tokens_per_minute']);
  });

  test('are settled only once', async () => {
    const server = await listen({
      tokens: 90,
      handler: (req, res) => {
        void admissionOf(req).settle({ tokens: 10 });
        void admissionOf(req).settle({ tokens: 100 });
        res.json({});
      },
    });
    await call(server);

    expect((await call(server)).status).toBe(200);
  });

  test('can be settled by the handler when the connection closes', async () => {
    const server = await listen({
      tokens: 90,
      handler: (req, res) => {
        res.once('close', () => void admissionOf(req).settle({ tokens: 0 }));
        res.json({});
      },
    });
    await call(server);

    expect((await call(server)).status).toBe(200);
  });
});

describe('model tokens that cannot be counted', () => {
  const UNCOUNTABLE = [Number.NaN, -5, Number.POSITIVE_INFINITY, 1e300, '10', null];

  test.each(UNCOUNTABLE)('reject in settle(), free the slot and count as reserved: %p', async (tokens) => {
    const failures: unknown[] = [];
    const server = await listen({
      tokens: 60,
      handler: (req, res) =>
        void admissionOf(req)
          .settle({ tokens: untypedValue(tokens) })
          .catch((failure: unknown) => void failures.push(failure))
          .then(() => res.json({})),
    });
    const token = tokenOf({ concurrent_requests: 1 });
    expect((await call(server, token)).status).toBe(200);
    const second = await call(server, token);

    expect(failures).toEqual([
      new TypeError('settle: usage.tokens must be a number from 0 to 1000000000000'),
    ]);
    expect(second.body['violated-policies']).toEqual(['tokens_per_minute']);
    expect(second.headers['ratelimit']).toContain('"tokens_per_minute";r=40');
  });

  test.each([{}, null])('are a usage without tokens: %j', async (usage) => {
    const limits = createLimits({ stores: { limits: store }, clock: () => now });
    const tokens = createIssuerAndVerifier({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock: () => now });
    const admission = await limits.admit(await tokens.verify(tokenOf()));

    await expect(admission.settle(untypedValue(usage))).rejects.toThrow('usage.tokens');
    expect(limits.running).toBe(0);
  });

  test('do not change an earlier settlement', async () => {
    const server = await listen({
      tokens: 60,
      handler: (req, res) => {
        void admissionOf(req).settle({ tokens: 10 });
        admissionOf(req)
          .settle({ tokens: Number.NaN })
          .catch(() => void res.json({}));
      },
    });
    await call(server);

    expect((await call(server)).headers['ratelimit']).toContain('"tokens_per_minute";r=30');
  });

  test.each(UNCOUNTABLE)('as an estimate reserve nothing and are a 500: %p', async (tokens) => {
    const failures: unknown[] = [];
    const limits = createLimits({ stores: { limits: store }, clock: () => now });
    const app = express();
    app.use(authenticate({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock: () => now }));
    app.use(limitRequests({ limits, tokens: () => untypedValue(tokens) }));
    const noteFailure: ErrorRequestHandler = (failure, _req, res, _next) => {
      failures.push(failure);
      res.status(500).end();
    };
    app.use(noteFailure);
    const { status } = await request(app).get('/').auth(tokenOf(), { type: 'bearer' });

    expect([status, limits.running]).toEqual([500, 0]);
    expect(failures).toEqual([
      new TypeError('limitRequests: tokens must return a number from 0 to 1000000000000, for example 1000'),
    ]);
  });

  test.each(UNCOUNTABLE)('are no cost of an admission: %p', async (tokens) => {
    const limits = createLimits({
      stores: { limits: store },
      clock: () => now,
      onStoreFailure: { kind: 'allow' },
    });
    const service = createIssuerAndVerifier({
      keyRing,
      issuer: ISSUER,
      audience: AUDIENCE,
      clock: () => now,
    });
    const token = await service.verify(tokenOf());

    await expect(limits.admit(token, { tokens: untypedValue(tokens) })).rejects.toThrow(
      'admit: cost.tokens must be',
    );
  });
});

describe('an unavailable store of limits', () => {
  test('means 503 by default, with one event', async () => {
    const server = await listen();
    isAway = true;
    const answers = [await call(server), await call(server)];

    expect(answers.map(({ status }) => status)).toEqual([503, 503]);
    expect(answers[0]?.headers['retry-after']).toBe('1');
    expect(records.filter(({ type }) => type === 'limits.degraded')).toMatchObject([
      { policy: 'deny', reason: 'timeout', advice: expect.stringContaining('raise the timeout of commands') },
    ]);
    isAway = false;
    await call(server);
    expect(records.some(({ type }) => type === 'limits.restored')).toBe(true);
  });

  test('means a share of each limit in this process with the policy local', async () => {
    const server = await listen({ onStoreFailure: { kind: 'local', share: 0.5 } });
    isAway = true;
    const token = tokenOf({ requests_per_minute: 4 });
    const statuses = [await call(server, token), await call(server, token), await call(server, token)];

    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(records.filter(({ type }) => type === 'limits.degraded')).toMatchObject([{ policy: 'local' }]);
  });

  test('means uncounted requests with the policy allow', async () => {
    const server = await listen({ onStoreFailure: { kind: 'allow' } });
    isAway = true;
    for (const _ of [1, 2, 3, 4, 5]) expect((await call(server)).status).toBe(200);

    expect(records.filter(({ type }) => type === 'limits.degraded')).toMatchObject([{ policy: 'allow' }]);
  });

  test('receives settlements when it is available again', async () => {
    const server = await listen({
      tokens: 90,
      handler: (req, res) => {
        isAway = true;
        setTimeout(() => {
          isAway = false;
        }, 20);
        void admissionOf(req).settle({ tokens: 0 });
        res.json({});
      },
    });
    await call(server);
    while (isAway) await new Promise((resolve) => setTimeout(resolve, 5));
    let answer = await call(server);
    while (answer.status === 429) answer = await call(server);

    expect(answer.status).toBe(200);
  });
});

describe('options', () => {
  test.each([
    { stores: {} },
    { stores: { limits: {} } },
    { store: {} },
    { leaseSeconds: 0 },
    { maxUsersPerKey: 0 },
    { onStoreFailure: { kind: 'ignore' } },
    { onStoreFailure: { kind: 'local', share: 0 } },
    { limit: 3 },
  ])('of createLimits are rejected: %j', (options) => {
    expect(() => createLimits({ stores: { limits: store }, ...untyped(options) })).toThrow(TypeError);
  });

  test('of limitRequests are rejected', () => {
    expect(() => limitRequests(untyped({ limits: {} }))).toThrow(TypeError);
  });
});
