import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createDpopClient } from '../support/dpop-client.js';
import { type DpopServer, startDpopServer } from '../support/dpop-server.js';
import { listen } from '../support/http.js';

let server: DpopServer;

beforeEach(async () => {
  server = await startDpopServer();
});

afterEach(() => server.stop());

const statuses = () => server.apiRequests.map(({ status }) => status);

describe('fetch of a token client with DPoP', () => {
  test('sends the token under the scheme DPoP with a proof (RFC 9449 §7.1)', async () => {
    const response = await createDpopClient(server.origin).fetch(`${server.origin}/a?b=1#c`);
    const [request] = server.apiRequests;

    expect(response.status).toBe(200);
    expect(request?.authorization).toBe('DPoP t1');
    expect(request?.proof).toMatchObject({ htm: 'GET', htu: `${server.origin}/a` });
  });

  test('accepts the same arguments as the global fetch', async () => {
    const { fetch } = createDpopClient(server.origin);
    const url = `${server.origin}/a`;
    await fetch(new URL(url), { method: 'post', body: 'one' });
    await fetch(new Request(url, { method: 'PUT', body: 'two' }));
    await fetch(new Request(url, { method: 'PUT' }), { method: 'DELETE' });

    const sent = server.apiRequests.map(({ method, body, status }) => [method, body, status]);
    expect(sent).toEqual([
      ['POST', 'one', 200],
      ['PUT', 'two', 200],
      ['DELETE', '', 200],
    ]);
  });

  test('replaces the headers Authorization and DPoP, and keeps all others', async () => {
    const { fetch } = createDpopClient(server.origin, {
      fetch: async (input, init) => {
        if (String(input).endsWith('/token')) return Response.json({ access_token: 't', token_type: 'DPoP' });
        return Response.json(Object.fromEntries(new Headers(init?.headers)));
      },
    });
    const headers = { authorization: 'Bearer other', dpop: 'other', 'x-request-id': '7' };
    const sent = await (await fetch(`${server.origin}/a`, { headers })).json();

    expect(sent).toEqual({
      authorization: 'DPoP t',
      dpop: expect.stringMatching(/^eyJ/),
      'x-request-id': '7',
    });
  });

  test('repeats a request once with the nonce that the service demands (RFC 9449 §9)', async () => {
    server.nonces.api = 'n1';
    const response = await createDpopClient(server.origin).fetch(`${server.origin}/a`, {
      method: 'POST',
      body: 'one',
    });

    expect(await response.json()).toEqual({ path: '/a', body: 'one' });
    expect(statuses()).toEqual([401, 200]);
  });

  test('keeps the nonces of the token endpoint and of the service separate (RFC 9449 §9)', async () => {
    server.nonces = { token: 'of-tokens', api: 'of-api' };
    const client = createDpopClient(server.origin);
    await client.fetch(`${server.origin}/a`);
    client.forget();
    await client.fetch(`${server.origin}/a`);

    expect(server.tokenRequests.map(({ status }) => status)).toEqual([400, 200, 200]);
    expect(server.apiRequests[0]?.proof).not.toHaveProperty('nonce');
    expect(statuses()).toEqual([401, 200, 200]);
  });

  test('uses the rotated nonce of a 2xx response (RFC 9449 §8.2)', async () => {
    Object.assign(server, { nonces: { token: '', api: 'n1' }, next: { api: 'n2' } });
    const { fetch } = createDpopClient(server.origin);
    await fetch(`${server.origin}/a`);
    server.nonces.api = 'n2';
    await fetch(`${server.origin}/a`);

    expect(statuses()).toEqual([401, 200, 200]);
  });

  test('returns the response if the service demands a second nonce', async () => {
    server.nonces.api = 'n1';
    server.override = () => [401, { 'WWW-Authenticate': 'DPoP error="use_dpop_nonce"', 'DPoP-Nonce': 'n1' }];
    const response = await createDpopClient(server.origin).fetch(`${server.origin}/a`);

    expect(response.status).toBe(401);
    expect(statuses()).toEqual([401, 401]);
  });

  test('learns the nonce but sends no second request if the body is a stream', async () => {
    server.nonces.api = 'n1';
    const { fetch } = createDpopClient(server.origin);
    const post = () =>
      fetch(`${server.origin}/a`, {
        ...{ method: 'POST', body: new Blob(['one']).stream(), duplex: 'half' },
      });

    expect((await post()).status).toBe(401);
    expect((await post()).status).toBe(200);
    expect(statuses()).toEqual([401, 200]);
  });

  test.each([
    ['a string', 'one'],
    ['bytes', new TextEncoder().encode('one')],
    ['a blob', new Blob(['one'])],
    ['a form', new URLSearchParams('one')],
  ])('repeats a request whose body is %s', async (_kind, body) => {
    server.nonces.api = 'n1';
    await createDpopClient(server.origin).fetch(`${server.origin}/a`, { method: 'POST', body });

    expect(server.apiRequests[1]?.body).toMatch(/^one/);
  });

  test('replaces a token that the service rejects, and repeats the request', async () => {
    const { fetch } = createDpopClient(server.origin);
    await fetch(`${server.origin}/a`);
    server.revoked.add('t1');

    expect((await fetch(`${server.origin}/a`)).status).toBe(200);
    expect(server.apiRequests.map(({ authorization }) => authorization)).toEqual([
      'DPoP t1',
      'DPoP t1',
      'DPoP t2',
    ]);
  });

  test('returns the response if the service rejects the new token as well', async () => {
    for (const token of ['t1', 't2']) server.revoked.add(token);
    const response = await createDpopClient(server.origin).fetch(`${server.origin}/a`);

    expect(response.status).toBe(401);
    expect(server.apiRequests).toHaveLength(2);
  });

  test('requests one new token for many rejected requests', async () => {
    const { fetch } = createDpopClient(server.origin);
    await fetch(`${server.origin}/a`);
    server.revoked.add('t1');
    const responses = await Promise.all(Array.from({ length: 50 }, () => fetch(`${server.origin}/a`)));

    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
    expect(server.tokenRequests).toHaveLength(2);
  });

  test('sends at most one additional request per call when the nonce changes under load', async () => {
    server.nonces.api = 'n1';
    const { fetch } = createDpopClient(server.origin);
    const burst = () => Promise.all(Array.from({ length: 50 }, () => fetch(`${server.origin}/a`)));
    await burst();
    const cold = server.apiRequests.length;
    await burst();

    expect(cold).toBeLessThanOrEqual(100);
    expect(server.apiRequests).toHaveLength(cold + 50);
  });

  test.each([401, 403, 500])('returns other responses as they are: %i', async (status) => {
    server.override = () => [status, { 'WWW-Authenticate': 'DPoP error="insufficient_scope"' }];
    const response = await createDpopClient(server.origin).fetch(`${server.origin}/a`);

    expect(response.status).toBe(status);
    expect(statuses()).toEqual([status]);
  });

  test('sends no token and no proof to the target of a redirect', async () => {
    const received: unknown[] = [];
    const other = createServer((req, res) => {
      received.push(req.headers);
      res.end();
    });
    const target = `http://127.0.0.1:${await listen(other)}`;
    try {
      for (const location of [`${target}/a`, `${server.origin}/b`]) {
        server.override = (path) => (path === '/a' ? [307, { Location: location }] : undefined);
        const response = await createDpopClient(server.origin).fetch(`${server.origin}/a`, {
          redirect: 'follow',
        });
        expect([response.status, response.headers.get('Location')]).toEqual([307, location]);
      }
    } finally {
      other.close();
    }

    expect(received).toEqual([]);
    expect(new Set(server.apiRequests.map(({ path }) => path))).toEqual(new Set(['/a']));
  });

  test('rejects a redirect with redirect: error', async () => {
    server.override = () => [307, { Location: '/b' }];

    await expect(
      createDpopClient(server.origin).fetch(`${server.origin}/a`, { redirect: 'error' }),
    ).rejects.toThrow('fetch failed');
  });

  test.each(['/a', 'http://api.example.com/a', 'https://u:p@api.example.com/a'])(
    'sends nothing to %s',
    async (url) => {
      await expect(createDpopClient(server.origin).fetch(url)).rejects.toThrow(TypeError);
      expect(server.tokenRequests).toEqual([]);
    },
  );
});

describe('fetch of a token client without DPoP', () => {
  test('sends a bearer token without a proof, and replaces a rejected token', async () => {
    let [tokens, requests]: [number, Headers[]] = [0, []];
    const send: typeof fetch = async (input, init) => {
      if (String(input).endsWith('/token')) {
        tokens += 1;
        return Response.json({ access_token: `t${tokens}`, token_type: 'Bearer' });
      }
      requests = [...requests, new Headers(init?.headers)];
      const challenge = { 'WWW-Authenticate': 'Bearer realm="api", error="invalid_token"' };
      return requests.length === 1 ? new Response(null, { status: 401, headers: challenge }) : new Response();
    };
    const client = createDpopClient(server.origin, { dpop: false, fetch: send });
    const { status } = await client.fetch(`${server.origin}/a`, { headers: { DPoP: 'other' } });

    expect(status).toBe(200);
    expect(requests.map((headers) => [headers.get('Authorization'), headers.get('DPoP')])).toEqual([
      ['Bearer t1', null],
      ['Bearer t2', null],
    ]);
  });
});
