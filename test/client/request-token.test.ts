import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createSigningKey } from 'passport-jwe';
import { generateClientKey } from '../support/client-keys.js';
import { createDpopClient } from '../support/dpop-client.js';
import { type DpopServer, startDpopServer } from '../support/dpop-server.js';
import { ISSUER } from '../support/tokens.js';
import { untypedValue } from '../support/untyped.js';

let server: DpopServer;

beforeEach(async () => {
  server = await startDpopServer();
});

afterEach(() => server.stop());

const statuses = () => server.tokenRequests.map(({ status }) => status);

describe('a token request with DPoP', () => {
  test('contains a proof for the token endpoint (RFC 9449 §5)', async () => {
    await createDpopClient(server.origin).getToken();
    const [request] = server.tokenRequests;

    expect(request?.proof).toMatchObject({ htm: 'POST', htu: `${server.origin}/token` });
    expect(request?.proof).not.toHaveProperty('ath');
  });

  test('is repeated once with the nonce that the server demands (RFC 9449 §8)', async () => {
    server.nonces.token = 'n1';
    await createDpopClient(server.origin).getToken();

    expect(statuses()).toEqual([400, 200]);
    expect(server.tokenRequests[1]?.proof).toMatchObject({ nonce: 'n1' });
  });

  test('uses the latest nonce of a response (RFC 9449 §8.2)', async () => {
    Object.assign(server, { nonces: { token: 'n1', api: '' }, next: { token: 'n2' } });
    const client = createDpopClient(server.origin);
    await client.getToken();
    client.forget();
    server.nonces.token = 'n2';
    await client.getToken();

    expect(statuses()).toEqual([400, 200, 200]);
  });

  test('fails if the server demands nonces without end', async () => {
    const demand = async () =>
      Response.json(
        { error: 'use_dpop_nonce' },
        { status: 400, headers: { 'DPoP-Nonce': crypto.randomUUID() } },
      );
    let requests = 0;
    const fetch = () => {
      requests += 1;
      return demand();
    };

    await expect(createDpopClient(server.origin, { fetch }).getToken()).rejects.toThrow(
      'The token endpoint responded with 400 use_dpop_nonce',
    );
    expect(requests).toBe(2);
  });

  test('is not repeated without a nonce in the response', async () => {
    let requests = 0;
    const fetch = async () => {
      requests += 1;
      return Response.json({ error: 'use_dpop_nonce' }, { status: 400 });
    };
    await expect(createDpopClient(server.origin, { fetch }).getToken()).rejects.toThrow('use_dpop_nonce');

    expect(requests).toBe(1);
  });

  test('has a new assertion when it is repeated (RFC 7523 §3)', async () => {
    server.nonces.token = 'n1';
    const privateKey = await createSigningKey({ jwk: generateClientKey('billing-1').privateJwk });
    const options = { clientSecret: undefined, privateKey, issuer: ISSUER };
    await createDpopClient(server.origin, untypedValue(options)).getToken();
    const assertions = server.tokenRequests.map(({ body }) =>
      new URLSearchParams(body).get('client_assertion'),
    );

    expect(assertions).toEqual([expect.any(String), expect.any(String)]);
    expect(new Set(assertions).size).toBe(2);
  });

  test('fails if the server issues a bearer token (RFC 9449 §5)', async () => {
    server.tokenType = 'Bearer';

    await expect(createDpopClient(server.origin).getToken()).rejects.toThrow(
      'The token endpoint ignored the DPoP proof',
    );
  });

  test('accepts the token type in any case (RFC 6749 §7.1)', async () => {
    server.tokenType = 'dpop';

    expect(await createDpopClient(server.origin).getToken()).toBe('t1');
  });

  test('uses the configured key', async () => {
    const { privateJwk } = generateClientKey('dpop-1');
    const dpop = await createSigningKey({ jwk: privateJwk });
    await createDpopClient(server.origin, { dpop }).getToken();
    const client = createDpopClient(server.origin, { dpop });

    expect((await client.fetch(`${server.origin}/a`)).status).toBe(200);
  });

  test('is a bearer request with dpop: false', async () => {
    const headers: unknown[] = [];
    const fetch: typeof globalThis.fetch = async (_url, init) => {
      headers.push(init?.headers);
      return Response.json({ access_token: 't', token_type: 'Bearer' });
    };
    await createDpopClient(server.origin, { dpop: false, fetch }).getToken();

    expect(headers).toEqual([{ Authorization: expect.stringMatching(/^Basic /) }]);
  });

  test('has errors without the secret, the token and the proof', async () => {
    server.tokenType = 'Bearer';
    const failure = await createDpopClient(server.origin)
      .getToken()
      .catch((error: unknown) => error);
    const shown = `${failure instanceof Error ? failure.stack : ''}${JSON.stringify(failure)}`;

    expect(shown).toContain('The token endpoint ignored');
    expect(shown).not.toMatch(/sk-canary|eyJ|\bt1\b/);
  });
});
