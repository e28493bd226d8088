import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import express, { type ErrorRequestHandler, type Express } from 'express';
import {
  AccessDeniedError,
  authenticate,
  bearerErrors,
  InvalidRequestError,
  type KeyRing,
} from 'passport-jwe';
import type { AuditRecord } from 'passport-jwe/audit';
import request from 'supertest';
import { type Check, guard } from '../../src/http/guard.js';
import { ADAPTERS } from '../support/apps.js';
import { createAuditRecorder } from '../support/audit-recorder.js';
import { until } from '../support/connections.js';
import { listen } from '../support/http.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken } from '../support/tokens.js';

let keyRing: KeyRing;
let token: string;

beforeAll(async () => {
  keyRing = await createRing();
  token = mintToken(keyRing);
});

const optionsOf = () => ({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock });

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

const acceptLater: Check = nextTurn;
const rejectLater: Check = () =>
  nextTurn().then(() => {
    throw new AccessDeniedError();
  });

const refusalsIn = (records: readonly AuditRecord[]) =>
  records.filter(({ type }) => type === 'token.refused');

const ask = (app: Express, path = '/') => request(app).get(path).auth(token, { type: 'bearer' });

describe.each(ADAPTERS)('an asynchronous check, behind $name,', ({ createApp }) => {
  test('accepts a token', async () => {
    const app = createApp(optionsOf(), [guard('late', acceptLater)]);

    expect((await ask(app, '/resource')).body).toEqual({ sub: 'demo' });
  });

  test('rejects a token with the status, the challenge and the body of its error', async () => {
    const answer = await ask(createApp(optionsOf(), [guard('late', rejectLater)]), '/resource');

    expect(answer).toMatchObject({ status: 403, body: { error: 'access_denied' } });
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="api", error="access_denied"/);
  });

  test('does not run if no token was verified', async () => {
    const calls: unknown[] = [];
    const count: Check = async (verified) => void calls.push(verified);
    const app = createApp(optionsOf(), [guard('late', count)]);

    expect((await request(app).get('/resource')).status).toBe(401);
    expect(calls).toEqual([]);
  });
});

describe('a synchronous check', () => {
  test('is followed by the next handler before any microtask', async () => {
    const order: string[] = [];
    const app = express();
    app.use(authenticate(optionsOf()));
    app.use((_req, _res, next) => {
      queueMicrotask(() => order.push('microtask'));
      next();
    });
    app.use(guard('prompt', () => undefined));
    app.use((_req, res) => {
      order.push('handler');
      res.json({});
    });
    await ask(app);

    expect(order).toEqual(['handler', 'microtask']);
  });
});

describe('an asynchronous check', () => {
  test('passes its error to the error handlers with failWithError', async () => {
    const app = express();
    app.use(authenticate({ ...optionsOf(), failWithError: true }), guard('late', rejectLater));
    app.use(((error, _req, res, _next) => res.json({ name: error.name })) satisfies ErrorRequestHandler);

    expect((await ask(app)).body).toEqual({ name: 'AccessDeniedError' });
  });

  test('passes a programming error to the error handlers', async () => {
    const app = express();
    app.use(
      authenticate(optionsOf()),
      guard('late', () => Promise.reject(new RangeError('bug'))),
    );
    app.use(((error, _req, res, _next) => res.json({ name: error.name })) satisfies ErrorRequestHandler);

    expect((await ask(app)).body).toEqual({ name: 'RangeError' });
  });

  test('is recorded once if it rejects the token', async () => {
    const { audit, records } = createAuditRecorder();
    const app = express();
    app.use(authenticate({ ...optionsOf(), audit }), guard('late', rejectLater));
    await ask(app);

    expect(refusalsIn(records)).toMatchObject([{ code: 'ERR_ACCESS_DENIED', subject: 'demo' }]);
  });

  test('leaves the errors of later handlers to the error handlers', async () => {
    let calls = 0;
    const app = express();
    app.use(authenticate(optionsOf()), guard('late', acceptLater), () => {
      calls += 1;
      throw new InvalidRequestError('of the handler');
    });
    app.use(bearerErrors());

    expect(await ask(app)).toMatchObject({
      status: 400,
      body: { error_description: 'of the handler' },
    });
    expect(calls).toBe(1);
  });
});

describe('a client that disconnects during an asynchronous check', () => {
  let server: Server;

  afterEach(() => void server.close());

  test.each([
    ['accepts', acceptLater, 'handled'],
    ['rejects', rejectLater, 'token.refused'],
  ])('causes no error if the check then %s the token', async (_, decide, outcome) => {
    const { audit, records } = createAuditRecorder();
    const outcomes: string[] = [];
    const decideWithoutClient: Check = async (verified, now, req) => {
      client.destroy();
      await once(req.socket, 'close');
      await decide(verified, now, req);
    };
    const app = express();
    app.use(authenticate({ ...optionsOf(), audit }), guard('late', decideWithoutClient), (_req, res) => {
      res.json({});
      outcomes.push('handled');
    });
    app.use(((_error, _req, _res, _next) => void outcomes.push('failed')) satisfies ErrorRequestHandler);
    server = createServer(app);
    const client = connect(await listen(server), '127.0.0.1');
    client.write(`GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    const occurred = () => [...outcomes, ...refusalsIn(records).map(({ type }) => type)];
    await until(() => occurred().length > 0);
    await nextTurn();

    expect(occurred()).toEqual([outcome]);
  });
});
