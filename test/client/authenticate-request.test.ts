import { describe, expect, test } from '@jest/globals';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { createSigningKey, createTokenClient, type TokenClientOptions } from 'passport-jwe';
import { startAssertionServer } from '../support/assertion-server.js';
import { ASSERTION_TYPE, assertionFile, generateClientKey, jwksField } from '../support/client-keys.js';
import { AUDIENCE, ISSUER, NOW } from '../support/tokens.js';
import { untyped, untypedValue } from '../support/untyped.js';

const { privateJwk, publicJwk } = generateClientKey('billing-1');
const privateKey = await createSigningKey({ jwk: privateJwk });

const OPTIONS: TokenClientOptions = {
  tokenEndpoint: `${ISSUER}/oauth/token`,
  clientId: 'billing',
  privateKey,
  issuer: ISSUER,
  audience: AUDIENCE,
  clock: () => NOW + 0.5,
};

const ISSUED = '{"access_token":"t","token_type":"Bearer","expires_in":300}';

/** Sends token requests, and returns them instead of sending them. */
async function captureRequests(
  count: number,
): Promise<readonly { headers: unknown; body: URLSearchParams }[]> {
  const requests: { headers: unknown; body: URLSearchParams }[] = [];
  const send: typeof fetch = async (_url, init) => {
    requests.push({ headers: init?.headers, body: new URLSearchParams(String(init?.body)) });
    return new Response(ISSUED);
  };
  const client = createTokenClient({ ...OPTIONS, fetch: send });
  for (let sent = 0; sent < count; sent += 1) {
    client.forget();
    await client.getToken();
  }
  return requests;
}

describe('a token client with a private key', () => {
  test('sends an assertion for the issuer that expires in a minute (RFC 7523 §3)', async () => {
    const [request] = await captureRequests(1);
    const { payload, protectedHeader } = await jwtVerify(
      String(request?.body.get('client_assertion')),
      createLocalJWKSet({ keys: [untyped(publicJwk)] }),
      { currentDate: new Date(NOW * 1000) },
    );

    expect(request?.headers).toEqual({});
    expect(request?.body.get('client_assertion_type')).toBe(ASSERTION_TYPE);
    expect(protectedHeader).toEqual({ alg: 'ES256', kid: 'billing-1', typ: 'client-authentication+jwt' });
    const names = { iss: 'billing', sub: 'billing', aud: ISSUER };
    expect(payload).toEqual({ ...names, iat: NOW, exp: NOW + 60, jti: expect.any(String) });
  });

  test('sends a new jti with each request', async () => {
    const requests = await captureRequests(2);
    const ids = requests.map(({ body }) => {
      const [, payload = ''] = String(body.get('client_assertion')).split('.');
      return JSON.parse(Buffer.from(payload, 'base64url').toString()).jti;
    });

    expect(new Set(ids).size).toBe(2);
  });

  test('gets tokens from a token router that has only its public key', async () => {
    const server = await startAssertionServer(() => ({
      'billing.yaml': assertionFile('billing', jwksField(publicJwk), `audiences: [${AUDIENCE}]`),
    }));
    const { issuer } = server;
    const client = createTokenClient({
      ...{
        tokenEndpoint: `${issuer}/oauth/token`,
        clientId: 'billing',
        privateKey,
        issuer,
        audience: AUDIENCE,
      },
    });
    try {
      const first = await client.getToken();
      client.forget();
      expect(await client.getToken()).not.toBe(first);
    } finally {
      await server.stop();
    }
  });

  test.each([
    ['clientSecret must be omitted', { ...OPTIONS, clientSecret: 'sk-1' }],
    ['clientSecret must be a non-empty string', { ...OPTIONS, privateKey: undefined }],
    ['privateKey must be a SigningKey', { ...OPTIONS, privateKey: untypedValue(privateJwk) }],
    ['privateKey must be a SigningKey', { ...OPTIONS, privateKey: untypedValue(null) }],
    ['issuer must be', { ...OPTIONS, issuer: untypedValue(undefined) }],
  ])('is rejected: %s', (message, options) => {
    expect(() => createTokenClient(untypedValue(options))).toThrow(message);
  });
});
