import { beforeAll, describe, expect, test } from '@jest/globals';
import express, { type Express } from 'express';
import {
  type AuthenticateOptions,
  authenticate,
  createKeyRing,
  createTokenVerifier,
  type JweStrategyOptions,
  requireProof,
  verifiedToken,
} from 'passport-jwe';
import request from 'supertest';
import type { DpopOptions } from '../../src/verify/dpop/dpop-options.js';
import { createProof, createProofSigner, type ProofOptions } from '../support/dpop-proofs.js';
import {
  acceptDpop,
  callResource,
  createDpopParty,
  type DpopParty,
  RESOURCE,
} from '../support/dpop-resource.js';
import { makeExternal, trustIdp } from '../support/external-tokens.js';
import { sendRaw } from '../support/http.js';
import { forgeLegacyToken, LEGACY, LEGACY_CLAIMS } from '../support/legacy-tokens.js';
import { reasonOf } from '../support/reason-of.js';
import { AUDIENCE, clock, createRing, mintToken } from '../support/tokens.js';
import { decryptionOf, generateKind, generateSignatureKey } from '../support/trusted-keys.js';
import { untypedValue } from '../support/untyped.js';

let party: DpopParty;

beforeAll(async () => {
  party = await createDpopParty();
});

function createApp(options: Partial<AuthenticateOptions> = {}, dpop: Partial<DpopOptions> = {}): Express {
  const app = express();
  app.set('env', 'test');
  app.use(express.urlencoded({ extended: false }));
  app.use(authenticate({ ...acceptDpop(party.keyRing, dpop), ...options }));
  app.all('/resource', (req, res) => void res.json({ sub: verifiedToken(req).claims.sub }));
  return app;
}

const proofOf = (options: ProofOptions = {}) =>
  createProof(party.signer, { url: RESOURCE, token: party.bound, ...options });

describe('a stolen token', () => {
  test('is worthless with a proof for a different token of the same client', async () => {
    const other = mintToken(party.keyRing, { claims: { cnf: { jkt: party.signer.jkt }, jti: 'other' } });

    expect((await callResource(createApp(), party, { sent: other, token: party.bound })).status).toBe(401);
  });

  test('is worthless with a proof of the thief', async () => {
    const thief = createProofSigner();
    const header = { jwk: party.signer.jwk };
    const app = createApp();

    expect((await callResource(app, { ...party, signer: thief })).status).toBe(401);
    expect((await callResource(app, { ...party, signer: thief }, { header })).status).toBe(401);
  });

  test('is worthless in a cookie, a header, a form or another location, with and without a proof', async () => {
    const getToken: NonNullable<JweStrategyOptions['tokenLocations']>['getToken'] = (req) =>
      req.get('x-other');
    const tokenLocations = { header: 'x-api-key', cookie: 'token', form: true, getToken };
    const app = createApp({ tokenLocations });
    const post = (proof: Readonly<Record<string, string>>) => request(app).post('/resource').set(proof);
    const statuses: number[] = [];
    const proofs: readonly Readonly<Record<string, string>>[] = [{}, { DPoP: proofOf({ method: 'POST' }) }];
    for (const proof of proofs) {
      statuses.push(
        (await post(proof).set('X-API-Key', party.bound)).status,
        (await post(proof).set('Cookie', `token=${party.bound}`)).status,
        (await post(proof).type('form').send(`access_token=${party.bound}`)).status,
        (await post(proof).set('X-Other', party.bound)).status,
      );
    }

    expect(statuses).toEqual(Array.from({ length: 8 }, () => 401));
    expect((await post({}).set('X-API-Key', party.unbound)).status).toBe(200);
  });

  test('is not smuggled past the proof of a different token', async () => {
    const app = createApp({ tokenLocations: { header: 'x-api-key', cookie: 'token', prefer: 'header' } });
    const other = mintToken(party.keyRing, { claims: { cnf: { jkt: 'a'.repeat(43) }, sub: 'victim' } });
    const send = (headers: Readonly<Record<string, string>>) =>
      request(app)
        .get('/resource')
        .set({ Authorization: `DPoP ${party.bound}`, DPoP: proofOf(), ...headers });
    const asHeader = await send({ 'X-API-Key': other });
    const asCookie = await send({ Cookie: `token=${other}` });

    expect(asHeader.status).toBe(400);
    expect([asCookie.status, asCookie.body]).toEqual([200, { sub: 'demo' }]);
  });

  test('is rejected after the token cache has seen it with a valid proof', async () => {
    const app = createApp({ tokenCache: { maxEntries: 100 } });
    const first = await callResource(app, party);
    const stolen = [
      await request(app).get('/resource').set('Authorization', `Bearer ${party.bound}`),
      await callResource(app, { ...party, signer: createProofSigner() }),
      await request(app).get('/resource').set('Authorization', `DPoP ${party.bound}`),
    ];

    expect([first, ...stolen].map(({ status }) => status)).toEqual([200, 401, 401, 401]);
  });

  test('is rejected by code without a request, and by middleware without dpop', async () => {
    const { dpop, ...options } = acceptDpop(party.keyRing);
    const { keyRing, issuer = '', audience = '' } = options;
    const app = express().use(authenticate(options));
    const verifier = createTokenVerifier({ keyRing: untypedValue(keyRing), issuer, audience, clock });

    expect(await reasonOf(verifier, party.bound)).toBe('key_bound');
    expect((await request(app).get('/resource').set('Authorization', `Bearer ${party.bound}`)).status).toBe(
      401,
    );
    expect((await callResource(app, party)).status).toBe(401);
  });

  test('requireProof() verifies the binding again, and answers with the DPoP challenge', async () => {
    const app = express().set('env', 'test');
    app.use(authenticate(acceptDpop(party.keyRing)), requireProof());
    app.get('/resource', (_req, res) => void res.json({}));
    // The holder of an exported key can ignore its `key_ops`.
    const keys = party.keyRing.exportAccessKeys(AUDIENCE).keys.map(({ key_ops, ...jwk }) => jwk);
    const exported = await createKeyRing({ current: { jwks: { keys } } });
    const forged = mintToken(exported, { claims: { cnf: { jkt: party.signer.jkt } } });
    const { status, headers } = await callResource(app, { ...party, bound: forged });

    expect((await callResource(app, party)).status).toBe(200);
    expect([status, headers['www-authenticate']]).toEqual([
      401,
      expect.stringMatching(/^DPoP realm="api", error="invalid_token", [^,]*, algs=/),
    ]);
  });
});

describe('the syntax of the credentials', () => {
  const credentials: readonly (readonly [string, (token: string) => readonly string[], number])[] = [
    ['one space', (token) => [`Authorization: DPoP ${token}`], 200],
    ['several spaces', (token) => [`Authorization: DPoP    ${token}`], 200],
    ['lower case', (token) => [`authorization: dpop ${token}`], 200],
    ['a tab', (token) => [`Authorization: DPoP\t${token}`], 400],
    ['no space', (token) => [`Authorization: DPoP${token}`], 401],
    ['a longer scheme', (token) => [`Authorization: DPoPX ${token}`], 401],
    ['no token', () => ['Authorization: DPoP'], 400],
    ['two tokens', (token) => [`Authorization: DPoP ${token} ${token}`], 400],
    ['a parameter', (token) => [`Authorization: DPoP token="${token}"`], 400],
    ['both schemes', (token) => [`Authorization: DPoP ${token}`, `Authorization: Bearer ${token}`], 400],
    [
      'both schemes, Bearer first',
      (token) => [`Authorization: Bearer ${token}`, `Authorization: DPoP ${token}`],
      400,
    ],
    ['both schemes in one field', (token) => [`Authorization: Bearer ${token}, DPoP ${token}`], 400],
    [
      'both schemes in one field, DPoP first',
      (token) => [`Authorization: DPoP ${token}, Bearer ${token}`],
      400,
    ],
    ['DPoP twice', (token) => [`Authorization: DPoP ${token}`, `Authorization: DPoP ${token}`], 400],
  ];

  test.each(credentials)('%s', async (_name, linesOf, status) => {
    const lines = ['GET /resource HTTP/1.1', ...linesOf(party.bound), `DPoP: ${proofOf()}`];

    expect((await sendRaw(createApp(), lines)).status).toBe(status);
  });

  test('a bearer token with a DPoP header is a bearer token', async () => {
    const { status } = await callResource(createApp(), party, { scheme: 'Bearer', token: party.unbound });

    expect(status).toBe(200);
  });
});

describe('tokens of other kinds', () => {
  test('a bound token of a trusted issuer requires the proof', async () => {
    const [key, signer] = [generateKind('P-256', 0, 'api'), generateSignatureKey('ES256', 's1')];
    const trusted = await trustIdp({ keys: await decryptionOf(key), signer });
    const bound = await makeExternal({
      key,
      alg: 'ECDH-ES',
      signer,
      claims: { cnf: { jkt: party.signer.jkt } },
    });
    const unbound = await makeExternal({ key, alg: 'ECDH-ES', signer, claims: { jti: 'j2' } });
    const app = createApp({ trustedIssuers: [trusted] });
    const bearer = (token: string) => request(app).get('/resource').set('Authorization', `Bearer ${token}`);
    const answers = [
      await callResource(app, { ...party, bound }),
      await callResource(app, { ...party, bound }),
      await bearer(unbound),
      await bearer(bound),
      await callResource(app, { signer: createProofSigner(), bound }),
      await callResource(app, { ...party, bound: unbound }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 401, 401, 401]);
  });

  test('a bound legacy token requires the proof', async () => {
    const bound = forgeLegacyToken({ ...LEGACY_CLAIMS.bare, cnf: { jkt: party.signer.jkt } });
    const app = createApp({ legacy: LEGACY });
    const answers = [
      await callResource(app, { ...party, bound }),
      await request(app).get('/resource').set('Authorization', `Bearer ${bound}`),
      await callResource(app, { signer: createProofSigner(), bound }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([200, 401, 401]);
  });

  test('a token under a different key ring is rejected before the proof is recorded', async () => {
    const app = createApp();
    const foreign = mintToken(await createRing(2), { claims: { cnf: { jkt: party.signer.jkt } } });
    const claims = { jti: 'once' };

    expect((await callResource(app, { ...party, bound: foreign }, { claims })).status).toBe(401);
    expect((await callResource(app, party, { claims })).status).toBe(200);
  });
});

describe('a replay store of the application', () => {
  const appWith = (use: () => unknown) =>
    createApp({}, { replay: { stores: { replays: { use: untypedValue(use) } } } });
  const failing: readonly (readonly [string, () => unknown, number])[] = [
    [
      'throws',
      () => {
        throw new Error('unreachable');
      },
      503,
    ],
    ['rejects', () => Promise.reject(new Error('unreachable')), 503],
    ['returns nothing', () => undefined, 401],
    ['returns true', () => true, 401],
    ['resolves to nothing', async () => undefined, 401],
  ];

  test.each(failing)('that %s accepts no proof', async (_what, use, status) => {
    expect((await callResource(appWith(use), party)).status).toBe(status);
  });

  test('can return a promise of a different library', async () => {
    const thenable = (verdict: string) => ({
      // biome-ignore lint/suspicious/noThenProperty: this is the object under test
      then: (resolve: (value: string) => void) => resolve(verdict),
    });

    expect(
      (
        await callResource(
          appWith(() => thenable('repeated')),
          party,
        )
      ).status,
    ).toBe(401);
    expect(
      (
        await callResource(
          appWith(() => thenable('first')),
          party,
        )
      ).status,
    ).toBe(200);
  });

  test('is not asked before every other check has passed', async () => {
    let uses = 0;
    const app = appWith(() => {
      uses += 1;
      return 'first';
    });
    const calls = [
      { claims: { ath: 'a' } },
      { claims: { iat: 0 } },
      { method: 'POST' },
      { token: party.unbound },
      { sent: 'abc' },
      { header: { jwk: createProofSigner().jwk } },
    ];
    for (const call of calls) await callResource(app, party, call);

    expect(uses).toBe(0);
  });
});
