import { once } from 'node:events';
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  createRequestVerifier,
  type KeyRing,
  type RequestVerifierOptions,
  verifiedToken,
} from 'passport-jwe';
import { z } from 'zod';
import { createAuditRecorder } from '../support/audit-recorder.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken, NOW } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

let keyRing: KeyRing;
let token: string;

const server = createServer();

beforeAll(async () => {
  keyRing = await createRing();
  token = mintToken(keyRing);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => void server.close());

const createVerifier = (options: Partial<RequestVerifierOptions> = {}) =>
  createRequestVerifier({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock, ...options });

/** The request of a WebSocket upgrade, as a server of Node.js receives it. */
async function receiveUpgrade(headers: OutgoingHttpHeaders = {}): Promise<IncomingMessage> {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const client = request({ port, headers: { connection: 'Upgrade', upgrade: 'websocket', ...headers } });
  client.on('error', () => {}).end();
  const [req, socket] = await once(server, 'upgrade');
  socket.destroy();
  return req;
}

const bearer = (value: string) => receiveUpgrade({ authorization: `Bearer ${value}` });

describe('a request verifier', () => {
  test('decides by its own options while another one verifies the same request', async () => {
    const req = await bearer(token);
    const outcomes = await Promise.allSettled([
      createVerifier({ scope: 'admin' })(req),
      createVerifier()(req),
    ]);

    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });

  test('returns the token of an upgrade, as verifiedToken() does afterwards', async () => {
    const req = await bearer(token);
    const verified = await createVerifier()(req);

    expect(verified.claims.sub).toBe('demo');
    expect(verifiedToken(req)).toBe(verified);
  });

  test.each([
    ['no token', {}, 401, 'Bearer realm="api"'],
    ['a malformed token', { authorization: 'Bearer a b' }, 400, 'error="invalid_request"'],
    ['an invalid token', { authorization: 'Bearer a.b.c' }, 401, 'error="invalid_token"'],
  ])(
    'rejects %s with the status and the challenge of the response',
    async (_what, headers, status, challenge) => {
      const req = await receiveUpgrade(headers);
      const rejection = {
        status,
        headers: { 'WWW-Authenticate': expect.stringContaining(challenge) },
      };

      await expect(createVerifier()(req)).rejects.toMatchObject(rejection);
      expect(() => verifiedToken(req)).toThrow(expect.objectContaining(rejection));
    },
  );

  test('requires the scope', async () => {
    await expect(createVerifier({ scope: 'admin' })(await bearer(token))).rejects.toMatchObject({
      status: 403,
      headers: { 'WWW-Authenticate': expect.stringContaining('scope="admin"') },
    });
  });

  test('reads a cookie, or what getToken() finds in the request of Node.js', async () => {
    const fromProtocol = (req: IncomingMessage) => req.headers['sec-websocket-protocol']?.split(', ')[1];
    const verify = createVerifier({ tokenLocations: { cookie: 'token', getToken: fromProtocol } });

    await expect(verify(await receiveUpgrade({ cookie: `token=${token}` }))).resolves.toBeDefined();
    await expect(
      verify(await receiveUpgrade({ 'sec-websocket-protocol': `chat, ${token}` })),
    ).resolves.toBeDefined();
  });

  test('rejects the same request once its token has expired', async () => {
    let now = NOW;
    const verify = createVerifier({ clock: () => now });
    const req = await bearer(token);
    await verify(req);
    now += 3600;

    await expect(verify(req)).rejects.toMatchObject({ reason: 'expired' });
    expect(() => verifiedToken(req)).toThrow('The access token expired');
  });

  test('rejects the same request once its token has been revoked', async () => {
    let isRevoked = false;
    const verify = createVerifier({ revocations: { isRevoked: async () => isRevoked } });
    const req = await bearer(token);
    await verify(req);
    isRevoked = true;

    await expect(verify(req)).rejects.toMatchObject({ reason: 'revoked' });
  });

  test('fails with 503 and without a challenge while the store is unavailable', async () => {
    const verify = createVerifier({ revocations: { isRevoked: () => Promise.reject(new Error('down')) } });

    await expect(verify(await bearer(token))).rejects.toMatchObject({
      status: 503,
      headers: { 'Retry-After': expect.any(String) },
    });
  });

  test('records accepted and rejected tokens, with the client address in req.ip', async () => {
    const { audit, records } = createAuditRecorder();
    const verify = createVerifier({ audit });
    await verify(Object.assign(await bearer(token), { ip: '203.0.113.7' }));
    await verify(await bearer('a.b.c')).catch(() => {});

    expect(records).toMatchObject([
      { type: 'token.accepted', clientId: 'demo', ip: '203.0.113.7' },
      { type: 'token.refused', code: 'ERR_INVALID_TOKEN' },
    ]);
    expect(records[1]).not.toHaveProperty('ip');
  });

  test('infers custom claims from the schema', async () => {
    const claimsSchema = z.object({ tenant: z.string() });
    const verify = createRequestVerifier({
      keyRing,
      issuer: ISSUER,
      audience: AUDIENCE,
      clock,
      claimsSchema,
    });
    const { claims } = await verify(await bearer(mintToken(keyRing, { claims: { tenant: 'acme' } })));
    const tenant: string = claims.tenant;

    expect(tenant).toBe('acme');
    await expect(verify(await bearer(token))).rejects.toMatchObject({ reason: 'custom_claims' });
  });

  test.each(['unless', 'preflight', 'onRejected', 'credentialsRequired'])(
    'has no option %s, which concerns routes or responses',
    (option) => {
      expect(() => createVerifier(untyped({ [option]: 'pass' }))).toThrow(
        `createRequestVerifier: unknown option ${option}`,
      );
    },
  );
});
