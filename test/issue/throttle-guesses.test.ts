import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import express from 'express';
import { createMemoryStores, createRevocations, type TokenRouterOptions, tokenRouter } from 'passport-jwe';
import type { ApiKeyRegistry } from 'passport-jwe/api-keys';
import { loadFile, loadFiles, MINIMAL_FILE } from '../support/api-key-files.js';
import { createAuditRecorder } from '../support/audit-recorder.js';
import { CONNECTION_CASES, headOf, open, until } from '../support/connections.js';
import { listen } from '../support/http.js';
import { AUDIENCE, clock, createRing, ISSUER } from '../support/tokens.js';
import { untypedValue } from '../support/untyped.js';

const DEVICE = 'api_key: sk-device\nkey_id: device\nname: Device\ntype: api_call\nrate_limits: {}\n';

const keyRing = await createRing();
const registry = await loadFiles({
  'key.yaml': MINIMAL_FILE,
  'device.yaml': `${DEVICE}refresh_tokens: public\n`,
});
const { keyId } = await loadFile(MINIMAL_FILE);

let servers: Server[];
let judged: number;
let arrived: number;
let verdicts: (() => void)[];

beforeEach(() => {
  servers = [];
  verdicts = [];
  [judged, arrived] = [0, 0];
});

afterEach(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** Counts how many credentials are verified. */
function counted(authenticate: ApiKeyRegistry['authenticate']): ApiKeyRegistry {
  return {
    ...registry,
    authenticate(credentials, now) {
      judged += 1;
      return authenticate(credentials, now);
    },
  };
}

/** The same, where each verdict comes when the test says so. */
function deferred(): ApiKeyRegistry {
  return counted(
    untypedValue(async (...credentials: Parameters<ApiKeyRegistry['authenticate']>) => {
      await new Promise<void>((resolve) => void verdicts.push(resolve));
      return registry.authenticate(...credentials);
    }),
  );
}

async function serve(failuresPerMinute: number, options: Partial<TokenRouterOptions> = {}) {
  const { audit, records } = createAuditRecorder();
  const stores = createMemoryStores({ clock });
  const router = tokenRouter({
    ...{ keyRing, issuer: ISSUER, audience: AUDIENCE, clock, audit, stores },
    ...{ revocations: createRevocations({ stores, clock }) },
    ...{ apiKeys: counted(registry.authenticate), throttle: { failuresPerMinute }, ...options },
  });
  const app = express();
  app.use((_req, _res, next) => {
    arrived += 1;
    next();
  });
  app.get('/slow', () => {});
  const server = createServer({ keepAliveTimeout: 0 }, app.use('/oauth', router));
  servers.push(server);
  return { port: await listen(server), records };
}

const wrong = { grant_type: 'client_credentials', client_id: keyId, client_secret: 'wrong', token: 'x' };
const right = { ...wrong, client_secret: 'k-minimal' };
const refresh = { grant_type: 'refresh_token', client_id: 'device', refresh_token: 'x' };

const post = (port: number, parameters: Record<string, string>, path = '/oauth/token') =>
  fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body: new URLSearchParams(parameters) });

const statusesOf = async (answers: readonly Promise<Response>[]): Promise<Record<number, number>> => {
  const counts: Record<number, number> = {};
  for (const { status } of await Promise.all(answers)) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

/** Sends the heads of so many requests, and their bodies when all heads have arrived. */
async function holdBodiesBack(port: number, count: number, path: string): Promise<Record<string, number>> {
  const body = new URLSearchParams(wrong).toString();
  const form = 'Content-Type: application/x-www-form-urlencoded';
  const head = headOf('POST', path, [form, `Content-Length: ${body.length}`, 'Connection: close']);
  const counts: Record<string, number> = {};
  const connections = await Promise.all(
    Array.from({ length: count }, async () => {
      const connection = await open(port);
      connection.socket.once('data', (data) => {
        const status = data.toString('latin1').slice(9, 12);
        counts[status] = (counts[status] ?? 0) + 1;
      });
      connection.socket.write(head);
      return connection;
    }),
  );
  await until(() => arrived === count);
  for (const { socket } of connections) socket.write(body);
  await Promise.all(connections.map(({ closed }) => closed));
  return counts;
}

describe('guesses with delayed bodies', () => {
  test('are verified 30 times of 1000 at a limit of 30', async () => {
    const { port } = await serve(30);
    const statuses = await holdBodiesBack(port, 1000, '/oauth/token');

    expect(judged).toBe(30);
    expect(statuses).toEqual({ 401: 30, 429: 970 });
  });

  test.each(['/oauth/introspect', '/oauth/revoke'])(
    'are verified as often as the limit allows at %s',
    async (path) => {
      const { port } = await serve(3);
      const statuses = await holdBodiesBack(port, 40, path);

      expect(judged).toBe(3);
      expect(statuses).toEqual({ 401: 3, 429: 37 });
    },
  );

  test('do not let a public client with a delayed body pass', async () => {
    const { port } = await serve(1);
    const body = new URLSearchParams(refresh).toString();
    const form = 'Content-Type: application/x-www-form-urlencoded';
    const { socket, closed } = await open(port);
    let answer = '';
    socket.on('data', (data) => {
      answer += data.toString('latin1');
    });
    socket.write(
      headOf('POST', '/oauth/token', [form, `Content-Length: ${body.length}`, 'Connection: close']),
    );
    await until(() => arrived === 1);
    expect((await post(port, wrong)).status).toBe(401);
    socket.write(body);
    await closed;

    expect(answer).toMatch(/^HTTP\/1\.1 429 /);
  });
});

describe('guesses whose verification takes time', () => {
  test('are verified no more often than the limit allows', async () => {
    const { port } = await serve(3, { apiKeys: deferred() });
    const answers = Array.from({ length: 100 }, () => post(port, wrong));
    await until(() => arrived === 100 && verdicts.length === 3);
    for (const answer of verdicts.splice(0)) answer();

    expect(await statusesOf(answers)).toEqual({ 401: 3, 429: 97 });
    expect(judged).toBe(3);
  });

  test.each([
    [30, 31],
    [1, 50],
  ])('and a limit of %d let %d correct clients of one address in', async (limit, clients) => {
    const { port } = await serve(limit, { apiKeys: deferred() });
    const answers = Array.from({ length: clients }, () => post(port, right));
    await until(() => arrived === clients);
    for (let answered = 0; answered < clients; answered += 1) {
      await until(() => verdicts.length > 0);
      verdicts.shift()?.();
    }

    expect(await statusesOf(answers)).toEqual({ 200: clients });
  });

  test('release their reservation if they are correct', async () => {
    const { port } = await serve(2, { apiKeys: deferred() });
    const first = [post(port, wrong), post(port, right), post(port, right)];
    await until(() => arrived === 3);
    for (let answered = 0; answered < 3; answered += 1) {
      await until(() => verdicts.length > 0);
      verdicts.shift()?.();
    }
    expect(await statusesOf(first)).toEqual({ 200: 2, 401: 1 });
    const last = [post(port, wrong), post(port, wrong)];
    await until(() => verdicts.length === 1);
    verdicts.shift()?.();

    expect(await statusesOf(last)).toEqual({ 401: 1, 429: 1 });
    expect(judged).toBe(4);
  });
});

describe('a verification that fails for another reason', () => {
  test('releases its reservation', async () => {
    const failing = counted(() => {
      throw new Error('registry');
    });
    const { port } = await serve(1, { apiKeys: failing });
    const statuses = await statusesOf([1, 2, 3].map(() => post(port, wrong)));

    expect(statuses).toEqual({ 500: 3 });
    expect(judged).toBe(3);
  });
});

describe('the token router', () => {
  test.each(CONNECTION_CASES)('counts no failure and knows the address, after $name', async ({ run }) => {
    const { port, records } = await serve(1);
    await run({
      ...{ port, slow: '/slow', quick: '/oauth/token', upload: '/oauth/token' },
      headers: ['Content-Type: application/x-www-form-urlencoded'],
      body: new URLSearchParams(right).toString(),
      untilArrived: (count) => until(() => arrived >= count),
    });

    expect((await post(port, right)).status).toBe(200);
    expect(records.filter(({ type }) => type === 'client_address.unknown')).toEqual([]);
  });

  test('still counts the guesses of a client that disconnected', async () => {
    const { port } = await serve(2, { apiKeys: deferred() });
    const body = new URLSearchParams(wrong).toString();
    const form = 'Content-Type: application/x-www-form-urlencoded';
    const sent = headOf('POST', '/oauth/token', [form, `Content-Length: ${body.length}`]) + body;
    const { socket, closed } = await open(port);
    socket.write(sent.repeat(5));
    await until(() => verdicts.length === 2);
    socket.resetAndDestroy();
    await closed;
    for (const answer of verdicts.splice(0)) answer();
    await until(() => arrived === 5);

    expect((await post(port, right)).status).toBe(429);
    expect(judged).toBe(2);
  });
});
