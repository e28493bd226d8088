import { createHmac } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { ISSUER, NOW } from '../support/tokens.js';
import {
  CLUSTER,
  createWorkloadApp,
  githubToken,
  idJag,
  JWT_BEARER,
  signerOf,
  type WorkloadApp,
} from '../support/workload-app.js';

let server: WorkloadApp;

beforeEach(async () => {
  server = await createWorkloadApp();
});

/** Expects that the server rejects a JWT with the error of RFC 7521 §4.1.1, and records the reason. */
async function expectRejection(assertion: string, reason: string): Promise<void> {
  const { status, body } = await server.exchange(assertion);

  expect([status, body['error']]).toEqual([400, 'invalid_grant']);
  expect(server.lastReason()).toBe(reason);
}

describe('RFC 7523 §2.1: JWTs as authorization grants', () => {
  test('the grant type is urn:ietf:params:oauth:grant-type:jwt-bearer, and assertion is one JWT', async () => {
    expect((await server.exchange(githubToken())).status).toBe(200);
  });

  test('a request without assertion is an invalid_request', async () => {
    const { status, body } = await request(server.app)
      .post('/oauth/token')
      .type('form')
      .send(`grant_type=${JWT_BEARER}`);

    expect([status, body.error]).toEqual([400, 'invalid_request']);
  });

  test('a request with several assertions is an invalid_request', async () => {
    const sent = `grant_type=${JWT_BEARER}&assertion=${githubToken()}&assertion=${githubToken()}`;
    const { status, body } = await request(server.app).post('/oauth/token').type('form').send(sent);

    expect([status, body.error]).toEqual([400, 'invalid_request']);
  });

  test('scope can be sent, and restricts the token', async () => {
    expect((await server.exchange(githubToken(), { scope: 'read' })).body['scope']).toBe('read');
  });

  test('client authentication is optional', async () => {
    const clients = [undefined, ['billing', 'sk-billing'] as const];
    const statuses = await Promise.all(
      clients.map(async (client) => (await server.exchange(githubToken(), {}, client)).status),
    );

    expect(statuses).toEqual([200, 200]);
  });
});

describe('RFC 7521 §4.1: the response', () => {
  test('is an access token response that is not cached', async () => {
    const { body, headers } = await server.exchange(githubToken());

    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 600 });
    expect(headers['cache-control']).toBe('no-store');
  });

  test('contains no refresh token', async () => {
    expect((await server.exchange(githubToken())).body).not.toHaveProperty('refresh_token');
  });

  test('for invalid client credentials is invalid_client', async () => {
    const { status, body } = await server.exchange(githubToken(), {}, ['billing', 'sk-wrong']);

    expect([status, body['error']]).toEqual([401, 'invalid_client']);
  });
});

describe('RFC 7521 §4.1.1: errors', () => {
  test('an invalid assertion is an invalid_grant without details', async () => {
    const bodies = await Promise.all(
      [githubToken({ exp: NOW }), githubToken({ aud: 'x' }), githubToken({ sub: 'x' }), 'x'].map(
        async (token) => (await server.exchange(token)).body,
      ),
    );

    expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1);
  });
});

describe('RFC 7523 §3: JWT format and processing requirements', () => {
  test('1. iss identifies a trusted issuer', async () => {
    await expectRejection(githubToken({ iss: undefined }), 'assertion_issuer');
    await expectRejection(githubToken({ iss: 'https://evil.example.com' }), 'assertion_issuer');
  });

  test('1. iss is compared as a string (RFC 3986 §6.2.1)', async () => {
    await expectRejection(
      githubToken({ iss: 'https://TOKEN.actions.githubusercontent.com' }),
      'assertion_issuer',
    );
  });

  test('2. sub is required', async () => {
    await expectRejection(githubToken({ sub: undefined }), 'assertion_claim');
  });

  test('3. aud identifies the authorization server', async () => {
    await expectRejection(githubToken({ aud: undefined }), 'assertion_audience');
    await expectRejection(githubToken({ aud: 'https://other.example.com' }), 'assertion_audience');
  });

  test('3. aud is the issuer alone, neither the token endpoint nor one of several', async () => {
    await expectRejection(githubToken({ aud: `${ISSUER}/oauth/token` }), 'assertion_audience');
    await expectRejection(githubToken({ aud: [ISSUER, 'https://other.example.com'] }), 'assertion_audience');
  });

  test('4. exp is required, and limits the time', async () => {
    await expectRejection(githubToken({ exp: undefined }), 'assertion_claim');
    await expectRejection(githubToken({ exp: NOW }), 'expired');
  });

  test('4. exp that is unreasonably far in the future is rejected', async () => {
    await expectRejection(githubToken({ exp: NOW + 86_401 }), 'assertion_lifetime');
  });

  test('5. nbf in the future is rejected', async () => {
    await expectRejection(githubToken({ nbf: NOW + 61 }), 'assertion_not_yet_valid');
  });

  test('6. iat in the future is rejected', async () => {
    await expectRejection(githubToken({ iat: NOW + 61 }), 'assertion_not_yet_valid');
  });

  test('7. jti of a workload can be used again until exp', async () => {
    const token = githubToken();

    expect([await server.exchange(token), await server.exchange(token)].map(({ status }) => status)).toEqual([
      200, 200,
    ]);
  });

  test('7. jti of an ID-JAG prevents replay', async () => {
    const send = () =>
      server.exchange(idJag(), { audience: 'https://api.example.com' }, ['agent', 'sk-agent']);

    expect([await send(), await send()].map(({ status }) => status)).toEqual([200, 400]);
    expect(server.lastReason()).toBe('assertion_replayed');
  });

  test('8. other claims are allowed', async () => {
    expect((await server.exchange(githubToken({ anything: { nested: [1] } }))).status).toBe(200);
  });

  test('9. the JWT is signed: alg none is rejected', async () => {
    const [, payload = ''] = githubToken().split('.');
    const header = Buffer.from('{"alg":"none","kid":"github"}').toString('base64url');

    await expectRejection(`${header}.${payload}.`, 'assertion_algorithm');
  });

  test('9. a MAC under the public key is rejected', async () => {
    const header = Buffer.from('{"alg":"HS256","kid":"github"}').toString('base64url');
    const input = `${header}.${githubToken().split('.')[1]}`;
    const mac = createHmac('sha256', JSON.stringify(signerOf(CLUSTER).publicJwk))
      .update(input)
      .digest('base64url');

    await expectRejection(`${input}.${mac}`, 'assertion_algorithm');
  });

  test('10. a JWT with an invalid signature is rejected', async () => {
    await expectRejection(githubToken({}, { kid: 'github' }, signerOf(CLUSTER)), 'assertion_signature');
  });
});

describe('RFC 7523 §3.1: authorization grant processing', () => {
  test('credentials that are sent must be those of the client of the JWT', async () => {
    const { status, body } = await server.exchange(githubToken(), {}, ['one', 'sk-one']);

    expect([status, body['error']]).toEqual([400, 'invalid_grant']);
  });

  test('client_id without credentials must be that of the client of the JWT', async () => {
    expect((await server.exchange(githubToken(), { client_id: 'billing' })).status).toBe(200);
    expect((await server.exchange(githubToken(), { client_id: 'one' })).body['error']).toBe('invalid_grant');
  });
});

describe('RFC 8414 §2: metadata', () => {
  test('grant_types_supported lists the grant type', async () => {
    const { body } = await request(server.app).get('/.well-known/oauth-authorization-server');

    expect(body.grant_types_supported).toContain(JWT_BEARER);
  });
});
