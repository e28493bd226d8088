import { createHash } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { createDpopApp, type DpopApp, TOKEN_URL } from '../support/dpop-app.js';
import {
  createProof,
  createProofSigner,
  type ProofOptions,
  type ProofSigner,
} from '../support/dpop-proofs.js';
import { sendRaw } from '../support/http.js';
import { NOW } from '../support/tokens.js';

const OFFLINE = { scope: 'read offline_access' };

let app: DpopApp;
let signer: ProofSigner;

beforeAll(() => {
  signer = createProofSigner();
});

beforeEach(async () => {
  app = await createDpopApp();
});

const obtain = (proof: ProofOptions = {}) => app.obtain({}, { signer, proof });

/** Send an unchanged proof, with the client credentials grant. */
const send = (proof: string) =>
  request(app.app)
    .post('/oauth/token')
    .auth('demo', 'sk-demo')
    .set('DPoP', proof)
    .type('form')
    .send({ grant_type: 'client_credentials' });

const proofFor = (options: ProofOptions = {}) =>
  createProof(signer, { method: 'POST', url: TOKEN_URL, ...options });

describe('RFC 9449 §4.3, checking DPoP proofs at the token endpoint', () => {
  test('§4.3: there is not more than one DPoP header field', async () => {
    const lines = [proofFor(), proofFor()].map((proof) => `DPoP: ${proof}`);
    const { status, body } = await sendRaw(app.app, ['POST /oauth/token HTTP/1.1', ...lines]);

    expect([status, JSON.parse(body)]).toEqual([
      400,
      {
        error: 'invalid_dpop_proof',
        error_description: 'The DPoP proof is not valid: the request has several',
      },
    ]);
  });

  test.each<[string, ProofOptions]>([
    ['all required claims are contained', { claims: { jti: undefined } }],
    ['typ has the value dpop+jwt', { header: { typ: 'jwt' } }],
    ['alg is an asymmetric algorithm', { header: { alg: 'HS256' } }],
    [
      'jwk does not contain a private key',
      { header: { jwk: { kty: 'EC', crv: 'P-256', x: 'a', y: 'b', d: 'c' } } },
    ],
    ['htm matches the HTTP method', { claims: { htm: 'GET' } }],
    ['htu matches the URI of the request', { claims: { htu: 'https://other.example.com/oauth/token' } }],
    ['the creation time is within an acceptable window, not before', { claims: { iat: NOW - 66 } }],
    ['the creation time is within an acceptable window, not after', { claims: { iat: NOW + 31 } }],
  ])('§4.3: %s', async (_what, proof) => {
    expect(await obtain(proof)).toMatchObject({ status: 400, body: { error: 'invalid_dpop_proof' } });
  });

  test('§4.3: the signature verifies with the public key in jwk', async () => {
    const { jwk } = createProofSigner();

    expect(await obtain({ header: { jwk } })).toMatchObject({
      status: 400,
      body: { error: 'invalid_dpop_proof' },
    });
  });

  test('§4.3: query and fragment of htu are ignored', async () => {
    expect((await obtain({ claims: { htu: `${TOKEN_URL}?a=b#c` } })).status).toBe(200);
  });
});

describe('RFC 9449 §5, DPoP access token request', () => {
  test('§5: the client MUST provide a valid proof to request a bound access token', async () => {
    const { accessToken } = await obtain();

    expect((await app.open(accessToken)).claims.cnf).toEqual({ jkt: signer.jkt });
    expect((await app.open((await app.obtain()).accessToken)).claims.cnf).toBeUndefined();
  });

  test('§5: the request is applicable to all grant types, here refresh_token', async () => {
    const { refreshToken } = await app.obtain(OFFLINE);
    const { accessToken } = await app.refresh(refreshToken, { clientId: 'demo', signer });

    expect((await app.open(accessToken)).claims.cnf).toEqual({ jkt: signer.jkt });
  });

  test('§5: an invalid proof is answered per RFC 6749 §5.2 with invalid_dpop_proof', async () => {
    const { status, headers, body } = await obtain({ claims: { htm: 'GET' } });

    expect([status, headers['content-type'], headers['cache-control']]).toEqual([
      ...[400, expect.stringContaining('application/json'), 'no-store'],
    ]);
    expect(body).toEqual({ error: 'invalid_dpop_proof', error_description: expect.any(String) });
  });

  test('§5: a token_type of DPoP MUST be included if the access token is bound', async () => {
    expect((await obtain()).body).toMatchObject({ token_type: 'DPoP' });
  });

  test('§5: an access token that is not bound has the token_type Bearer', async () => {
    expect((await app.obtain()).body).toMatchObject({ token_type: 'Bearer' });
  });

  test('§5: a server without DPoP ignores the header field, and issues a bearer token', async () => {
    const without = await app.rebuild({ dpop: 'off', files: DEMO });

    expect(await without.obtain({}, { signer })).toMatchObject({
      status: 200,
      body: { token_type: 'Bearer' },
    });
  });

  test('§5: the refresh token of a public client with a valid proof MUST be bound to its key', async () => {
    const { refreshToken } = await app.obtain(OFFLINE, { clientId: 'app', signer });
    const stolen = await app.refresh(refreshToken, { signer: createProofSigner() });

    expect(stolen).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });

  test('§5: the binding MUST be validated each time, so the public client MUST present a proof of the same key', async () => {
    const first = await app.obtain(OFFLINE, { clientId: 'app', signer });
    const second = await app.refresh(first.refreshToken, { signer });

    expect((await app.refresh(second.refreshToken)).status).toBe(400);
    expect((await app.refresh(second.refreshToken, { signer })).status).toBe(200);
  });

  test('§5: refresh tokens of confidential clients are not bound to the key', async () => {
    const { refreshToken } = await app.obtain(OFFLINE, { signer });
    const next = createProofSigner();

    expect(await app.refresh(refreshToken, { clientId: 'demo', signer: next })).toMatchObject({
      status: 200,
      body: { token_type: 'DPoP' },
    });
  });

  test('§5: a client can use several keys at a time', async () => {
    const signers = [createProofSigner(), createProofSigner('EdDSA')];
    const answers = await Promise.all(signers.map((each) => app.obtain({}, { signer: each })));
    const keys = await Promise.all(
      answers.map(async (each) => (await app.open(each.accessToken)).claims.cnf),
    );

    expect(keys).toEqual(signers.map(({ jkt }) => ({ jkt })));
  });

  test('§5.1: the metadata lists the algorithms as dpop_signing_alg_values_supported', async () => {
    const { body } = await request(app.app).get('/.well-known/oauth-authorization-server');

    expect(body.dpop_signing_alg_values_supported).toEqual(
      expect.arrayContaining(['ES256', 'EdDSA', 'RS256']),
    );
    expect(body.dpop_signing_alg_values_supported).not.toContain('none');
  });

  test('§5.2: token requests without a DPoP header MUST be rejected for a client whose tokens are always bound', async () => {
    const strict = { clientId: 'strict' };

    expect(await app.obtain({}, strict)).toMatchObject({
      status: 400,
      body: { error: 'invalid_dpop_proof' },
    });
    expect((await app.obtain({}, { ...strict, signer })).status).toBe(200);
  });
});

describe('RFC 9449 §6, public key confirmation', () => {
  test('§6: the protected resource MUST reject the token with a proof of another key', async () => {
    const { accessToken } = await obtain();

    expect(await app.use(accessToken, createProofSigner())).toBe(401);
    expect(await app.use(accessToken, signer)).toBe(200);
  });

  test('§6.1: jkt MUST be the base64url encoding of the SHA-256 thumbprint of the public key', async () => {
    const { crv, kty, x, y } = signer.jwk;
    const thumbprint = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
    const { accessToken } = await obtain();

    expect((await app.open(accessToken)).claims.cnf).toEqual({ jkt: thumbprint });
  });

  test('§6.2: introspection includes cnf with jkt as a top-level member', async () => {
    const { accessToken } = await obtain();
    const { body } = await app.post('introspect', { token: accessToken }, { clientId: 'demo' });

    expect(body).toMatchObject({ active: true, cnf: { jkt: signer.jkt } });
  });

  test('§6.2: token_type in the response MUST be DPoP', async () => {
    const { accessToken } = await obtain();
    const { body } = await app.post('introspect', { token: accessToken }, { clientId: 'demo' });

    expect(body['token_type']).toBe('DPoP');
  });
});

describe('RFC 9449 §8, nonces of the authorization server', () => {
  beforeEach(async () => {
    app = await createDpopApp({ dpop: { nonce: true } });
  });

  test('§8: a proof without a nonce is answered with 400, use_dpop_nonce and DPoP-Nonce', async () => {
    const { status, headers, body } = await obtain();

    expect([status, body['error']]).toEqual([400, 'use_dpop_nonce']);
    expect(headers['dpop-nonce']).toEqual(expect.any(String));
  });

  test('§8: a proof with the nonce of that response is accepted', async () => {
    const nonce = (await obtain()).headers['dpop-nonce'];

    expect(await obtain({ claims: { nonce } })).toMatchObject({ status: 200, body: { token_type: 'DPoP' } });
  });

  test('§8: a nonce that the server did not supply MUST be rejected', async () => {
    const supplied = String((await obtain()).headers['dpop-nonce']);
    const altered = supplied.replace(/^./, (first) => (first === 'B' ? 'C' : 'B'));

    expect(await obtain({ claims: { nonce: altered } })).toMatchObject({
      status: 400,
      body: { error: 'use_dpop_nonce' },
    });
  });

  test('§8: a response with a nonce is uncacheable', async () => {
    expect((await obtain()).headers['cache-control']).toBe('no-store');
  });

  test('§8: web pages of other origins can read the nonce', async () => {
    const origin = 'https://app.example.com';
    app = await app.rebuild({ dpop: { nonce: true }, options: { cors: { origins: [origin] } } });
    const { headers } = await app.obtain({}, { signer, headers: { Origin: origin } });

    expect(headers['access-control-expose-headers']).toContain('DPoP-Nonce');
    expect(headers['dpop-nonce']).toEqual(expect.any(String));
  });

  test('§8: web pages of other origins can send the header field DPoP', async () => {
    const origin = 'https://app.example.com';
    app = await app.rebuild({ dpop: { nonce: true }, options: { cors: { origins: [origin] } } });
    const { headers } = await request(app.app).options('/oauth/token').set({
      Origin: origin,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'dpop',
    });

    expect(headers['access-control-allow-headers']).toContain('dpop');
  });

  test('§8: a request for a nonce uses up neither the refresh token nor the proof', async () => {
    const nonce = (await obtain()).headers['dpop-nonce'];
    const claims = { nonce };
    const { refreshToken } = await app.obtain(OFFLINE, { signer, proof: { claims } });

    expect((await app.refresh(refreshToken, { clientId: 'demo', signer })).status).toBe(400);
    expect((await app.refresh(refreshToken, { clientId: 'demo', signer, proof: { claims } })).status).toBe(
      200,
    );
  });

  test('§8.1: the nonce consists of NQCHAR', async () => {
    expect((await obtain()).headers['dpop-nonce']).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/);
  });

  test('§8.2: a new nonce is supplied with a 200 response before the old one expires', async () => {
    const nonce = (await obtain()).headers['dpop-nonce'];
    const claims = { nonce };
    expect((await obtain({ claims })).headers).not.toHaveProperty('dpop-nonce');
    app.setTime(NOW + 60);
    const { status, headers } = await obtain({ claims });

    expect(status).toBe(200);
    expect(headers['dpop-nonce']).toEqual(expect.any(String));
    expect(headers['dpop-nonce']).not.toBe(nonce);
  });

  test('§8.2: an expired nonce is answered with a new one', async () => {
    const nonce = (await obtain()).headers['dpop-nonce'];
    app.setTime(NOW + 180);

    expect(await obtain({ claims: { nonce } })).toMatchObject({
      status: 400,
      body: { error: 'use_dpop_nonce' },
    });
  });
});

describe('RFC 9449 §11.1, replay', () => {
  test('§11.1: a proof is accepted once at the token endpoint', async () => {
    const proof = proofFor();
    const answers = [await send(proof), await send(proof)];

    expect(answers.map(({ status, body }) => [status, body.error])).toEqual([
      [200, undefined],
      [400, 'invalid_dpop_proof'],
    ]);
  });

  test('§11.1: the record is shared by all servers on the same stores', async () => {
    const claims = { jti: 'once' };
    const second = await app.rebuild({});
    await app.obtain({}, { signer, proof: { claims } });

    expect((await second.obtain({}, { signer, proof: { claims } })).status).toBe(400);
  });

  test('§11.1: the use is recorded after client authentication, so a failed one does not use up the proof', async () => {
    const claims = { jti: 'kept' };
    const failed = await app.post(
      'token',
      { grant_type: 'client_credentials', client_id: 'demo', client_secret: 'wrong' },
      { signer, proof: { claims } },
    );

    expect(failed.status).toBe(401);
    expect((await app.obtain({}, { signer, proof: { claims } })).status).toBe(200);
  });

  test('§11.1: the use is recorded before the grant is consumed', async () => {
    const { refreshToken } = await app.obtain(OFFLINE);
    const claims = { jti: 'used' };
    await app.obtain({}, { signer, proof: { claims } });
    const demo = { clientId: 'demo' };

    expect((await app.refresh(refreshToken, { ...demo, signer, proof: { claims } })).status).toBe(400);
    const state = await app.refresh(refreshToken, demo);
    expect(state.status).toBe(200);
    expect(app.records.filter(({ type }) => type === 'session.refreshed')).toHaveLength(1);
  });

  test('§11.1: of many concurrent replays, one is accepted', async () => {
    const proof = proofFor();
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(proof)));

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });
});

const DEMO = {
  'demo.yaml':
    'api_key: sk-demo\nkey_id: demo\nname: demo\ntype: api_call\nrate_limits: {}\npermissions: [read]\n',
};
