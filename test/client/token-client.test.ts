import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createTokenClient, type TokenClient, type TokenClientOptions } from 'passport-jwe';
import { findFreePort } from '../support/processes.js';
import { NOW } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

interface Endpoint {
  readonly url: string;
  readonly requests: { readonly authorization: string; readonly body: string }[];
  answer: { status: number; body: string };
}

const ISSUED = { status: 200, body: '{"access_token":"t","token_type":"Bearer","expires_in":300}' };

/** A token endpoint that answers as it is told, on a socket of its own. */
async function startEndpoint(answer = ISSUED): Promise<Endpoint> {
  const requests: { authorization: string; body: string }[] = [];
  const endpoint = { url: '', requests, answer };
  const listener: RequestListener = (req, res) => {
    let body = '';
    req.on('data', (chunk) => {
      body += chunk;
    });
    req.on('end', () => {
      requests.push({ authorization: String(req.headers.authorization), body });
      const text = endpoint.answer.body.replace('"t"', `"t${requests.length}"`);
      res.writeHead(endpoint.answer.status, { Location: '/elsewhere' }).end(text);
    });
  };
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  endpoint.url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/token`;
  return endpoint;
}

let now = NOW;

function createClient(url: string, options: Partial<TokenClientOptions> = {}): TokenClient {
  now = NOW;
  return createTokenClient({
    tokenEndpoint: url,
    clientId: 'a b',
    clientSecret: 'p:ss+ü',
    audience: 'https://reports.internal',
    clock: () => now,
    ...options,
  });
}

describe('a token client', () => {
  test('authenticates by HTTP Basic, with form-encoded client ID and secret (RFC 6749 §2.3.1)', async () => {
    const endpoint = await startEndpoint();
    await createClient(endpoint.url, { scope: 'read' }).getToken();
    const [request] = endpoint.requests;

    expect(Buffer.from(request?.authorization.slice(6) ?? '', 'base64').toString()).toBe(
      'a+b:p%3Ass%2B%C3%BC',
    );
    expect(request?.body).toBe(
      'grant_type=client_credentials&audience=https%3A%2F%2Freports.internal&scope=read',
    );
  });

  test('sends one request for concurrent callers', async () => {
    const endpoint = await startEndpoint();
    const client = createClient(endpoint.url);
    const tokens = await Promise.all(Array.from({ length: 50 }, () => client.getToken()));

    expect(new Set(tokens)).toEqual(new Set(['t1']));
    expect(endpoint.requests).toHaveLength(1);
  });

  test.each([
    [269, 't1'],
    [271, 't2'],
  ])('renews a token ahead of its expiry: after %i s the token is %s', async (seconds, token) => {
    const client = createClient((await startEndpoint()).url);
    await client.getToken();
    now = NOW + seconds;

    expect(await client.getToken()).toBe(token);
  });

  test('returns a valid token while it cannot be renewed, but no expired one', async () => {
    const endpoint = await startEndpoint();
    const client = createClient(endpoint.url);
    await client.getToken();
    endpoint.answer = { status: 503, body: '{"error":"temporarily_unavailable"}' };
    now = NOW + 290;

    expect(await client.getToken()).toBe('t1');
    now = NOW + 300;
    await expect(client.getToken()).rejects.toMatchObject({ code: 'ERR_TEMPORARILY_UNAVAILABLE' });
  });

  test.each([
    ['"300"', 300],
    ['300.5', 300.5],
    ['null', 60],
  ])('accepts expires_in %s as %d seconds (RFC 6749 §5.1)', async (lifetime, seconds) => {
    const endpoint = await startEndpoint({ status: 200, body: ISSUED.body.replace('300', lifetime) });
    const client = createClient(endpoint.url, { renewAheadSeconds: 0 });
    await client.getToken();
    now = NOW + seconds - 0.25;

    expect(await client.getToken()).toBe('t1');
    now = NOW + seconds;
    expect(await client.getToken()).toBe('t2');
  });

  test('caches a token without expires_in for 60 seconds (RFC 6749 §5.1)', async () => {
    const endpoint = await startEndpoint({ status: 200, body: '{"access_token":"t","error":null}' });
    const client = createClient(endpoint.url, { renewAheadSeconds: 0 });
    await client.getToken();
    now = NOW + 59;

    expect(await client.getToken()).toBe('t1');
    now = NOW + 60;
    expect(await client.getToken()).toBe('t2');
  });

  test('requests a new token after forget()', async () => {
    const client = createClient((await startEndpoint()).url);
    await client.getToken();
    client.forget();

    expect(await client.getToken()).toBe('t2');
  });

  test('retries after a failure', async () => {
    const endpoint = await startEndpoint({ status: 429, body: '{}' });
    const client = createClient(endpoint.url);
    await expect(client.getToken()).rejects.toMatchObject({ status: 503 });
    endpoint.answer = ISSUED;

    expect(await client.getToken()).toBe('t2');
  });

  test.each([
    [401, '{"error":"invalid_client"}', 'The token endpoint responded with 401 invalid_client'],
    [404, '<html>', 'The token endpoint responded with 404'],
    [200, '{"error":"invalid_scope"}', 'The token endpoint rejected the request with invalid_scope: check'],
    [200, '{"error":{}}', 'The token endpoint rejected the request with an error: check'],
    [400, '{"error":"a\\nb"}', 'The token endpoint responded with 400: check'],
    [200, '{"access_token":7}', 'The response of the token endpoint has no access_token'],
    [200, '{"access_token":""}', 'The response of the token endpoint has no access_token'],
    [200, 'x', 'The response of the token endpoint has no access_token'],
    [200, '{"access_token":"a","expires_in":"5m"}', 'The response of the token endpoint has a malformed'],
    [200, '{"access_token":"a","expires_in":-1}', 'The response of the token endpoint has a malformed'],
  ])('reports the response: %i %s', async (status, body, message) => {
    const endpoint = await startEndpoint({ status, body });

    await expect(createClient(endpoint.url).getToken()).rejects.toThrow(message);
  });

  test('follows no redirect: its credentials are only for the configured endpoint', async () => {
    const endpoint = await startEndpoint({ status: 302, body: '' });

    await expect(createClient(endpoint.url).getToken()).rejects.toMatchObject({ status: 503 });
    expect(endpoint.requests).toHaveLength(1);
  });

  test('distinguishes an unavailable endpoint from one that rejects', async () => {
    const silent = createServer(() => {});
    servers.push(silent);
    const port = await findFreePort();
    await new Promise<void>((resolve) => silent.listen(port, '127.0.0.1', resolve));

    for (const url of [`http://127.0.0.1:${await findFreePort()}`, `http://127.0.0.1:${port}`]) {
      await expect(createClient(url, { timeoutMs: 100 }).getToken()).rejects.toMatchObject({ status: 503 });
    }
  });

  test.each([
    { tokenEndpoint: 'http://auth.example.com/token' },
    { tokenEndpoint: '/token' },
    { clientSecret: '' },
    { audience: '' },
    { retries: 3 },
  ])('rejects %j', (options) => {
    expect(() => createClient('http://127.0.0.1', untyped(options))).toThrow(TypeError);
  });
});
