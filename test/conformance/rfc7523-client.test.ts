import { createHmac } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { type AssertionApp, createAssertionApp } from '../support/assertion-app.js';
import {
  ASSERTION_TYPE,
  type AssertionChanges,
  assertionFile,
  generateClientKey,
  jwksField,
  signAssertion,
} from '../support/client-keys.js';
import { ISSUER, NOW } from '../support/tokens.js';

const billing = generateClientKey('billing-1');
const reports = generateClientKey('reports-1');
const TOKEN_ENDPOINT = `${ISSUER}/oauth/token`;

const FILES = {
  'billing.yaml': assertionFile('billing', jwksField(billing.publicJwk)),
  'reports.yaml': assertionFile(
    'reports',
    jwksField(reports.publicJwk),
    `assertion_audience: ${TOKEN_ENDPOINT}`,
  ),
};

let server: AssertionApp;

beforeEach(async () => {
  server = await createAssertionApp(FILES);
});

/** Sends an assertion of `billing` with changes. */
async function send(changes: AssertionChanges, parameters: Readonly<Record<string, string>> = {}) {
  return server.send(await signAssertion('billing', billing, changes), parameters);
}

/** Expects that the server rejects the client, and records the reason. */
async function expectRejection(changes: AssertionChanges, reason: string): Promise<void> {
  const { status, body } = await send(changes);

  expect([status, body]).toEqual([
    401,
    { error: 'invalid_client', error_description: 'Client authentication failed' },
  ]);
  expect(server.lastReason()).toBe(reason);
}

describe('RFC 7521 §4.2: client_assertion and client_assertion_type', () => {
  test('authenticate a client without a secret', async () => {
    const { status, body } = await send({});

    expect([status, body.token_type]).toEqual([200, 'Bearer']);
  });

  test('may come with the client_id of the same client', async () => {
    expect((await send({}, { client_id: 'billing' })).status).toBe(200);
  });

  test('are rejected with the client_id of a different client', async () => {
    expect((await send({}, { client_id: 'reports' })).body.error).toBe('invalid_client');
    expect(server.lastReason()).toBe('assertion_subject');
  });

  test.each(['client_assertion', 'client_assertion_type'])('are rejected without %s', async (name) => {
    const { status, body } = await send({}, { [name]: '' });

    expect([status, body.error]).toEqual([400, 'invalid_request']);
  });

  test.each([
    'urn:ietf:params:oauth:client-assertion-type:saml2-bearer',
    ASSERTION_TYPE.toUpperCase(),
    'jwt-bearer',
  ])('are rejected with the type %s', async (type) => {
    expect((await send({}, { client_assertion_type: type })).status).toBe(401);
    expect(server.lastReason()).toBe('assertion_type');
  });
});

describe('RFC 6749 §2.3: one authentication method per request', () => {
  test.each([
    ['HTTP Basic', { Authorization: `Basic ${btoa('billing:x')}` }],
    ['a bearer API key', { Authorization: 'Bearer x' }],
    ['X-API-Key', { 'X-API-Key': 'x' }],
  ])('rejects an assertion with %s', async (_, headers) => {
    const assertion = await signAssertion('billing', billing);
    const { status, body } = await request(server.app)
      .post('/oauth/token')
      .set(headers)
      .type('form')
      .send({ client_assertion: assertion, client_assertion_type: ASSERTION_TYPE });

    expect([status, body.error]).toEqual([400, 'invalid_request']);
  });

  test('rejects an assertion with client_secret', async () => {
    const { status, body } = await send({}, { client_id: 'billing', client_secret: 'x' });

    expect([status, body.error]).toEqual([400, 'invalid_request']);
  });
});

describe('RFC 7523 §3 (1), (2): iss and sub', () => {
  test.each([
    ['iss names a different issuer', { iss: 'https://issuer.example.com' }],
    ['iss names a different client', { iss: 'reports' }],
    ['sub names a different client', { sub: 'reports' }],
    ['iss is missing', { iss: undefined }],
    ['sub is missing', { sub: undefined }],
    ['both are missing', { iss: undefined, sub: undefined }],
    ['both are lists', { iss: ['billing'], sub: ['billing'] }],
  ])('reject an assertion if %s', async (_, claims) => {
    await expectRejection({ claims }, 'assertion_subject');
  });

  test('reject an unknown client', async () => {
    await expectRejection({ claims: { iss: 'unknown', sub: 'unknown' } }, 'assertion_unknown_client');
  });
});

describe('RFC 7523bis §3 (3): aud', () => {
  test.each([[ISSUER], [[ISSUER]]])('may be the issuer: %j', async (aud) => {
    expect((await send({ claims: { aud } })).status).toBe(200);
  });

  test.each([
    ['the token endpoint', TOKEN_ENDPOINT],
    ['a different server', 'https://other.example.com'],
    ['the issuer with a slash', `${ISSUER}/`],
    ['two servers', [ISSUER, 'https://other.example.com']],
    ['the issuer twice', [ISSUER, ISSUER]],
    ['an empty list', []],
    ['a nested list', [[ISSUER]]],
    ['absent', undefined],
  ])('is rejected if it is %s', async (_, aud) => {
    await expectRejection({ claims: { aud } }, 'assertion_audience');
  });

  test('may be the assertion_audience of the client, as authlib sends it', async () => {
    const forEndpoint = await signAssertion('reports', reports, { claims: { aud: TOKEN_ENDPOINT } });
    const forIssuer = await signAssertion('reports', reports);

    expect((await server.send(forEndpoint)).status).toBe(200);
    expect((await server.send(forIssuer)).status).toBe(200);
  });
});

describe('RFC 7523 §3 (4), (5), (6): exp, nbf and iat', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['has no exp', { exp: undefined }, 'assertion_claim'],
    ['has an exp that is a string', { exp: String(NOW + 60) }, 'assertion_claim'],
    ['has an iat that is a string', { iat: String(NOW) }, 'assertion_claim'],
    ['has an nbf that is a string', { nbf: String(NOW) }, 'assertion_claim'],
    ['has expired', { exp: NOW - 5 }, 'assertion_expired'],
    ['is valid for more than five minutes', { exp: NOW + 306 }, 'assertion_lifetime'],
    ['was issued in the future', { iat: NOW + 6 }, 'assertion_not_yet_valid'],
    ['is not yet valid', { nbf: NOW + 6 }, 'assertion_not_yet_valid'],
  ])('reject an assertion that %s', async (_, claims, reason) => {
    await expectRejection({ claims }, reason);
  });

  test.each<[string, Record<string, unknown>]>([
    ['has no iat', { iat: undefined }],
    ['expired within the clock tolerance', { exp: NOW - 4 }],
    ['is valid for five minutes', { exp: NOW + 300 }],
    ['was issued within the clock tolerance', { iat: NOW + 5, nbf: NOW + 5 }],
    ['was issued a day ago', { iat: NOW - 86_400 }],
  ])('accept an assertion that %s', async (_, claims) => {
    expect((await send({ claims })).status).toBe(200);
  });
});

describe('RFC 7523 §3 (7): jti', () => {
  test.each([[undefined], [''], [7]])('is rejected as %j', async (jti) => {
    await expectRejection({ claims: { jti } }, 'assertion_claim');
  });

  test('is single use', async () => {
    const assertion = await signAssertion('billing', billing);

    expect((await server.send(assertion)).status).toBe(200);
    expect((await server.send(assertion)).status).toBe(401);
    expect(server.lastReason()).toBe('assertion_replayed');
  });

  test('is single use for a new signature over other claims', async () => {
    await send({ claims: { jti: 'one', exp: NOW + 30 } });

    await expectRejection({ claims: { jti: 'one', exp: NOW + 60 } }, 'assertion_replayed');
  });

  test('is single use per client', async () => {
    await send({ claims: { jti: 'same' } });
    const other = await signAssertion('reports', reports, { claims: { jti: 'same' } });

    expect((await server.send(other)).status).toBe(200);
  });

  test('may have any length', async () => {
    expect((await send({ claims: { jti: 'x'.repeat(5000) } })).status).toBe(200);
  });
});

describe('RFC 7523 §3 (9): the signature', () => {
  test('of a different key is rejected', async () => {
    const swapped = generateClientKey('billing-1');
    const { status } = await server.send(await signAssertion('billing', swapped));

    expect([status, server.lastReason()]).toEqual([401, 'assertion_signature']);
  });

  test('with the key of a different client is rejected', async () => {
    const { status } = await server.send(await signAssertion('billing', reports));

    expect([status, server.lastReason()]).toEqual([401, 'assertion_unknown_key']);
  });

  test('with the key of a different client under our kid is rejected', async () => {
    const { status } = await server.send(
      await signAssertion('billing', reports, { header: { kid: 'billing-1' } }),
    );

    expect([status, server.lastReason()]).toEqual([401, 'assertion_signature']);
  });

  test('over different claims is rejected', async () => {
    const [header, , signature] = (await signAssertion('billing', billing)).split('.');
    const claims = { iss: 'billing', sub: 'billing', aud: ISSUER, jti: 'x', exp: NOW + 60 };
    const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');

    expect((await server.send(`${header}.${payload}.${signature}`)).status).toBe(401);
    expect(server.lastReason()).toBe('assertion_signature');
  });

  test('needs no kid if the client has one key of the algorithm', async () => {
    expect((await send({ header: { kid: undefined } })).status).toBe(200);
  });

  test('by HS256 with the public key is rejected (RFC 8725 §2.1)', async () => {
    const secret = JSON.stringify(billing.publicJwk);
    await expectForged({ alg: 'HS256', kid: 'billing-1' }, (input) =>
      createHmac('sha256', secret).update(input).digest('base64url'),
    );
  });

  test('none is rejected', async () => {
    await expectForged({ alg: 'none', kid: 'billing-1' }, () => '');
  });

  test.each(['ES384', 'RS256', 'EdDSA'])(
    'with the alg %s of a different key type is rejected',
    async (alg) => {
      await expectForged({ alg, kid: 'billing-1' }, () => 'AAAA');
    },
  );

  test.each([{ jwk: billing.publicJwk }, { crit: ['x'], x: 1 }, { b64: true }, { zip: 'DEF' }])(
    'with the header %j is rejected',
    async (header) => {
      const { status } = await server.send(
        forge({ alg: 'ES256', kid: 'billing-1', ...header }, () => 'AAAA'),
      );

      expect([status, server.lastReason()]).toEqual([401, 'assertion_malformed']);
    },
  );
});

function forge(header: object, sign: (input: string) => string): string {
  const claims = { iss: 'billing', sub: 'billing', aud: ISSUER, jti: 'forged', exp: NOW + 60 };
  const input = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${input}.${sign(input)}`;
}

async function expectForged(header: object, sign: (input: string) => string): Promise<void> {
  const { status } = await server.send(forge(header, sign));

  expect([status, server.lastReason()]).toEqual([401, 'assertion_algorithm']);
}

describe('RFC 7523 §3 (10): other forms', () => {
  test.each(['', 'x', 'a.b', 'a.b.c.d.e', '..', 'é.é.é', 'bnVsbA.bnVsbA.AA'].slice(1))(
    'reject %j, which is not a signed JWT',
    async (assertion) => {
      expect((await server.send(assertion)).status).toBe(401);
      expect(server.lastReason()).toBe('assertion_malformed');
    },
  );
});

describe('RFC 7523bis: typ', () => {
  test.each([undefined, 'JWT', 'jwt', 'client-authentication+jwt', 'application/client-authentication+jwt'])(
    'may be %s',
    async (typ) => {
      expect((await send({ header: { typ } })).status).toBe(200);
    },
  );

  test.each(['at+jwt', 'oauth-id-jag+jwt', 'dpop+jwt', 'secevent+jwt', '', 7])(
    'is rejected as %j',
    async (typ) => {
      await expectRejection({ header: { typ } }, 'assertion_typ');
    },
  );
});

describe('RFC 7523 §2.2: every endpoint that authenticates clients', () => {
  test.each(['introspect', 'revoke'])('accepts an assertion: /%s', async (path) => {
    const { body } = await send({});
    const assertion = await signAssertion('billing', billing);
    const { status } = await server.send(assertion, { token: body.access_token }, path);

    expect(status).toBe(200);
  });
});

describe('RFC 8414 §2: the metadata', () => {
  test('name private_key_jwt and its algorithms for every endpoint', async () => {
    const { body } = await request(server.app).get('/.well-known/oauth-authorization-server');

    for (const endpoint of ['token', 'introspection', 'revocation']) {
      expect(body[`${endpoint}_endpoint_auth_methods_supported`]).toContain('private_key_jwt');
      expect(body[`${endpoint}_endpoint_auth_signing_alg_values_supported`]).toEqual(
        expect.arrayContaining(['EdDSA', 'Ed25519', 'ES256', 'PS256', 'RS256']),
      );
      expect(body[`${endpoint}_endpoint_auth_signing_alg_values_supported`]).not.toContain('HS256');
    }
  });
});
