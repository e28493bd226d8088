import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import express from 'express';
import {
  admissionOf,
  authenticate,
  createLimits,
  createMemoryStores,
  limitRequests,
  onResponseFinished,
} from 'passport-jwe';
import { CONNECTION_CASES, until } from '../support/connections.js';
import { listen } from '../support/http.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken } from '../support/tokens.js';

const keyRing = await createRing();
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Limits that have room for what a case sends, and for nothing more. */
async function serveLimited(requests: number) {
  const limits = createLimits({ stores: createMemoryStores({ clock }), clock });
  const rateLimits = {
    ...{ requests_per_minute: 100, requests_per_hour: 100, tokens_per_minute: 1000 },
    concurrent_requests: requests,
  };
  const token = mintToken(keyRing, { claims: { rate_limits: rateLimits } });
  let arrived = 0;
  const app = express();
  app.use(authenticate({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock }));
  app.use(limitRequests({ limits, tokens: () => 10 }), (_req, _res, next) => {
    arrived += 1;
    next();
  });
  app.get('/slow', () => {});
  app.get('/quick', (_req, res) => void res.json({}));
  app.get('/settled', (req, res) => {
    onResponseFinished(res, () => void admissionOf(req).settle({ tokens: 0 }));
    res.json({});
  });
  app.post('/upload', express.text(), (_req, res) => void res.json({}));
  const server = createServer(app);
  servers.push(server);
  const port = await listen(server);
  const sending = {
    ...{ port, slow: '/slow', quick: '/quick', upload: '/upload', body: 'x'.repeat(100) },
    headers: [`Authorization: Bearer ${token}`, 'Content-Type: text/plain'],
    untilArrived: (count: number) => until(() => arrived >= count),
  };
  const call = () =>
    fetch(`http://127.0.0.1:${port}/quick`, { headers: { Authorization: `Bearer ${token}` } });
  return { limits, sending, call };
}

describe('limitRequests', () => {
  test.each(CONNECTION_CASES)('frees every slot after $name', async ({ requests, run }) => {
    const { limits, sending, call } = await serveLimited(requests);
    await run(sending);
    await until(() => limits.running === 0);
    const answers = await Promise.all(Array.from({ length: requests }, call));

    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: requests }, () => 200));
  });

  test('lets a handler settle a pipelined request whose connection closes', async () => {
    const { limits, sending, call } = await serveLimited(6);
    await CONNECTION_CASES[0]?.run({ ...sending, quick: '/settled' });
    await until(() => limits.running === 0);

    // The slow request counts as reserved, and so does this one.
    expect((await call()).headers.get('ratelimit')).toContain('"tokens_per_minute";r=980');
  });
});
