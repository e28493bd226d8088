import type { RequestListener } from 'node:http';
import { beforeAll, describe, expect, test } from '@jest/globals';
import express, { type RequestHandler } from 'express';
import {
  authenticate,
  createMemoryStores,
  type JweStrategyOptions,
  requireScope,
  requireType,
  verifiedToken,
} from 'passport-jwe';
import request from 'supertest';
import type { DpopOptions } from '../../src/verify/dpop/dpop-options.js';
import {
  acceptDpop,
  callResource,
  createDpopParty,
  DPOP_SERVERS,
  type DpopParty,
  RESOURCE,
} from '../support/dpop-resource.js';
import { createProof, createProofSigner } from '../support/dpop-proofs.js';
import { AUDIENCE, mintToken, NOW } from '../support/tokens.js';

const ALGORITHMS = 'algs="ES256 EdDSA Ed25519 PS256 RS256 ES384 ES512"';
const INVALID_TOKEN = 'error="invalid_token", error_description="The access token is not valid"';

let party: DpopParty;

beforeAll(async () => {
  party = await createDpopParty();
});

/** An API with a clock that the test sets, and a route behind guards. */
function createApi(dpop: Partial<DpopOptions> = {}, guards: readonly RequestHandler[] = []) {
  let now = NOW;
  const app = express();
  app.use(authenticate({ ...acceptDpop(party.keyRing, dpop), clock: () => now }));
  app.all('/resource', ...guards, (req, res) => void res.json({ sub: verifiedToken(req).claims.sub }));
  return {
    app,
    setTime: (time: number) => {
      now = time;
    },
  };
}

const mint = (cnf: unknown) => mintToken(party.keyRing, { claims: { cnf } });
const bearer = (app: RequestListener, token: string) =>
  request(app).get('/resource').set('Authorization', `Bearer ${token}`);

describe.each(DPOP_SERVERS)('RFC 9449 §7, protected resource access, through $name', ({ createApp }) => {
  let app: RequestListener;
  const appWith = (dpop: Partial<DpopOptions>, options: Partial<JweStrategyOptions> = {}) =>
    createApp({ ...acceptDpop(party.keyRing, dpop), ...options });

  beforeAll(() => {
    app = appWith({});
  });

  test('§7.1: a DPoP-bound token is sent with the scheme DPoP, in any case', async () => {
    const schemes = ['DPoP', 'dpop', 'DPOP', 'DPoP   '];
    const statuses = await Promise.all(
      schemes.map(async (scheme) => (await callResource(app, party, { scheme })).status),
    );

    expect(statuses).toEqual(schemes.map(() => 200));
  });

  test('§7.1: the resource server MUST check that a proof was received', async () => {
    const { status, headers } = await request(app)
      .get('/resource')
      .set('Authorization', `DPoP ${party.bound}`);

    expect([status, headers['www-authenticate']]).toEqual([
      401,
      `DPoP realm="api", error="invalid_dpop_proof", error_description="The DPoP proof is not valid: the request has none", ${ALGORITHMS}`,
    ]);
  });

  test('§7.1: the resource server MUST check that the key of the proof is the key of the token', async () => {
    const { status, headers } = await callResource(app, { ...party, signer: createProofSigner() });

    expect([status, headers['www-authenticate']]).toEqual([
      401,
      `DPoP realm="api", ${INVALID_TOKEN}, ${ALGORITHMS}`,
    ]);
  });

  test('§7.1: a token that is not bound to a key is not granted access under the scheme DPoP', async () => {
    const { status, headers } = await callResource(app, party, { token: party.unbound });

    expect([status, headers['www-authenticate']]).toEqual([
      401,
      `DPoP realm="api", ${INVALID_TOKEN}, ${ALGORITHMS}`,
    ]);
  });

  test('§7.1: a challenge to a request without a token has algs and no error', async () => {
    const { status, headers } = await request(appWith({ mode: 'require' })).get('/resource');

    expect([status, headers['www-authenticate']]).toEqual([401, `DPoP realm="api", ${ALGORITHMS}`]);
  });

  test('§7.1: algs is a space-delimited list of the accepted algorithms', async () => {
    const { headers } = await request(appWith({ algorithms: ['EdDSA', 'ES256'] })).get('/resource');

    expect(headers['www-authenticate']).toBe('Bearer realm="api", DPoP realm="api", algs="EdDSA ES256"');
  });

  test('§7.1: the challenge names the scope that the resource requires', async () => {
    const { status, headers } = await callResource(appWith({}, { scope: 'admin' }), party);

    expect([status, headers['www-authenticate']]).toEqual([
      403,
      expect.stringMatching(/^DPoP realm="api", error="insufficient_scope", .*, scope="admin", algs="/),
    ]);
  });

  test('§7.1: Proxy-Authorization MUST NOT be used', async () => {
    const proof = createProof(party.signer, { url: RESOURCE, token: party.bound });
    const { status, headers } = await request(app)
      .get('/resource')
      .set({ 'Proxy-Authorization': `DPoP ${party.bound}`, DPoP: proof });

    expect(status).toBe(401);
    expect(headers).not.toHaveProperty('proxy-authenticate');
  });

  test('§7.2: a DPoP-bound token MUST be rejected as bearer token, with and without a proof', async () => {
    const answers = [await bearer(app, party.bound), await callResource(app, party, { scheme: 'Bearer' })];

    expect(answers.map(({ status, headers }) => [status, headers['www-authenticate']])).toEqual(
      answers.map(() => [401, `Bearer realm="api", ${INVALID_TOKEN}, DPoP realm="api", ${ALGORITHMS}`]),
    );
  });

  test('§7.2: a resource that supports both schemes accepts bearer tokens, and lists both in its challenge', async () => {
    expect((await bearer(app, party.unbound)).status).toBe(200);
    const { headers } = await request(app).get('/resource');

    expect(headers['www-authenticate']).toBe(`Bearer realm="api", DPoP realm="api", ${ALGORITHMS}`);
  });

  test('§7.2: a resource that supports only DPoP rejects bearer tokens', async () => {
    const strict = appWith({ mode: 'require' });

    expect((await bearer(strict, party.unbound)).headers['www-authenticate']).toBe(
      `DPoP realm="api", ${INVALID_TOKEN}, ${ALGORITHMS}`,
    );
    expect((await callResource(strict, party)).status).toBe(200);
  });

  test('§9: the resource server responds with 401, use_dpop_nonce and DPoP-Nonce', async () => {
    const { status, headers } = await callResource(appWith({ nonce: true }), party);

    expect([status, headers['www-authenticate']]).toEqual([
      401,
      `DPoP realm="api", error="use_dpop_nonce", error_description="The DPoP proof requires the nonce of this response", ${ALGORITHMS}`,
    ]);
    expect(headers['dpop-nonce']).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/);
  });
});

describe('RFC 9449 §6, public key confirmation', () => {
  test('§6.1: jkt MUST be the base64url encoding of the SHA-256 thumbprint', async () => {
    const { app } = createApi();
    const bytes = Buffer.from(party.signer.jkt, 'base64url');
    const spellings = [
      `${party.signer.jkt}=`,
      bytes.toString('hex'),
      party.signer.jkt.slice(0, -1),
      '',
      7,
      null,
    ];
    const statuses = await Promise.all(
      spellings.map(async (jkt) => (await callResource(app, { ...party, bound: mint({ jkt }) })).status),
    );

    expect(statuses).toEqual(spellings.map(() => 401));
  });

  test.each(['ES256', 'ES384', 'RS256', 'EdDSA'] as const)(
    '§6.1: a token can be bound to a key for %s',
    async (alg) => {
      const signer = createProofSigner(alg);

      expect((await callResource(createApi().app, { signer, bound: mint({ jkt: signer.jkt }) })).status).toBe(
        200,
      );
    },
  );

  test('§6: every member of cnf MUST be checked, so unknown members and other forms reject', async () => {
    const { app } = createApi();
    const { jkt } = party.signer;
    const forms = [
      ...[{ jkt, kid: 'a' }, { jkt, jwk: party.signer.jwk }, { 'x5t#S256': jkt }, { jkt, 'x5t#S256': jkt }],
      ...[{}, [], jkt, null, { jkt: [jkt] }, { JKT: jkt }, { ['__proto__']: { jkt } }],
    ];
    const statuses = await Promise.all(
      forms.map(async (cnf) => (await callResource(app, { ...party, bound: mint(cnf) })).status),
    );

    expect(statuses).toEqual(forms.map(() => 401));
  });
});

describe('RFC 9449 §7.1, guards after the authentication', () => {
  test('§7.1: a guard that rejects a DPoP-bound token answers with the DPoP challenge', async () => {
    const guards = [requireScope('admin'), requireType('service')];
    const answers = await Promise.all(guards.map((guard) => callResource(createApi({}, [guard]).app, party)));

    expect(answers.map(({ status, headers }) => [status, headers['www-authenticate']])).toEqual([
      [
        403,
        expect.stringMatching(/^DPoP realm="api", error="insufficient_scope", [^,]*, scope="admin", algs=/),
      ],
      [403, expect.stringMatching(/^DPoP realm="api", error="access_denied", [^,]*, algs=/)],
    ]);
  });
});

describe('RFC 9449 §8 and §9, nonces', () => {
  /** Nonce of the challenge at the current time. */
  const obtainNonce = async (app: RequestListener): Promise<string> =>
    String((await callResource(app, party)).headers['dpop-nonce']);
  const withNonce = (app: RequestListener, nonce: string, iat = NOW) =>
    callResource(app, party, { claims: { nonce, iat } });

  test('§8.1: a nonce consists of NQCHAR', async () => {
    expect(await obtainNonce(createApi({ nonce: true }).app)).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/);
  });

  test('§8.2: a nonce is accepted several times, until the server supplies a new one', async () => {
    const { app } = createApi({ nonce: true });
    const nonce = await obtainNonce(app);
    const answers = [await withNonce(app, nonce), await withNonce(app, nonce)];

    expect(answers.map(({ status, headers }) => [status, headers['dpop-nonce']])).toEqual([
      [200, undefined],
      [200, undefined],
    ]);
  });

  test('§8.2: the response to a valid request supplies the next nonce before the old one expires', async () => {
    const { app, setTime } = createApi({ nonce: true });
    const nonce = await obtainNonce(app);
    setTime(NOW + 60);
    const { status, headers } = await withNonce(app, nonce, NOW + 60);
    const next = await withNonce(app, String(headers['dpop-nonce']), NOW + 60);

    expect([status, next.status]).toEqual([200, 200]);
    expect(headers['dpop-nonce']).not.toBe(nonce);
    expect(next.headers).not.toHaveProperty('dpop-nonce');
  });

  test('§8.2: an old nonce is rejected, and the response supplies a new one', async () => {
    const { app, setTime } = createApi({ nonce: true });
    const nonce = await obtainNonce(app);
    setTime(NOW + 120);
    const { status, headers } = await withNonce(app, nonce, NOW + 120);

    expect(status).toBe(401);
    expect((await withNonce(app, String(headers['dpop-nonce']), NOW + 120)).status).toBe(200);
  });

  test('§8.2: responses with DPoP-Nonce SHOULD be uncacheable', async () => {
    const { app, setTime } = createApi({ nonce: true });
    const rejected = await callResource(app, party);
    setTime(NOW + 60);
    const accepted = await withNonce(app, String(rejected.headers['dpop-nonce']), NOW + 60);

    expect([rejected.headers['cache-control'], accepted.headers['cache-control']]).toEqual([
      'no-store',
      'no-store',
    ]);
  });

  test('§8.2: web pages of other origins can read DPoP-Nonce', async () => {
    const { headers } = await callResource(createApi({ nonce: true }).app, party);

    expect(headers['access-control-expose-headers']).toBe('DPoP-Nonce');
  });

  test('§9: a nonce is accepted only by the server that issued it', async () => {
    const nonce = await obtainNonce(createApi({ nonce: true }).app);
    const others = [
      createApi({ nonce: { secret: 'a'.repeat(32) } }),
      createApi({ nonce: true, baseUrl: 'https://other.example.com' }),
    ];
    const claims = { nonce, htu: 'https://other.example.com/resource' };
    const answers = [
      await withNonce(others[0]?.app ?? express(), nonce),
      await callResource(others[1]?.app ?? express(), party, { claims }),
    ];

    expect(answers.map(({ headers }) => headers['www-authenticate'])).toEqual(
      answers.map(() => expect.stringContaining('error="use_dpop_nonce"')),
    );
  });
});

describe('RFC 9449 §11.1, replay of proofs', () => {
  test('§11.1: proofs MUST be accepted for a limited time only', async () => {
    const { app, setTime } = createApi({ maxAgeSeconds: 10 });
    setTime(NOW + 14);
    const inTime = await callResource(app, party);
    setTime(NOW + 15);
    const late = await callResource(app, party);

    expect([inTime.status, late.status]).toEqual([200, 401]);
  });

  test('§11.1: a jti that was seen before at the same URI is declined, for as long as the proof is acceptable', async () => {
    const { app, setTime } = createApi();
    const claims = { jti: 'once', iat: NOW + 5 };
    const first = await callResource(app, party, { claims });
    setTime(NOW + 69);
    const last = await callResource(app, party, { claims });

    expect(first.status).toBe(200);
    expect(last.headers['www-authenticate']).toContain('it was used before');
  });

  test('§11.1: a jti is kept in the context of the target URI', async () => {
    const { app } = createApi();
    const claims = { jti: 'once' };
    const proof = createProof(party.signer, { method: 'POST', url: RESOURCE, token: party.bound, claims });
    await callResource(app, party, { claims });
    const posted = await request(app)
      .post('/resource')
      .set({ Authorization: `DPoP ${party.bound}`, DPoP: proof });

    expect(posted.status).toBe(200);
  });

  test('§11.1: two clients can use the same jti', async () => {
    const { app } = createApi();
    const signer = createProofSigner();
    const claims = { jti: 'once' };
    const answers = [
      await callResource(app, party, { claims }),
      await callResource(app, { signer, bound: mint({ jkt: signer.jkt }) }, { claims }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  });

  test('§11.1: only a hash of a large jti is stored', async () => {
    const { replays } = createMemoryStores();
    const digests: string[] = [];
    const recording: typeof replays = {
      use(use) {
        digests.push(use.digest);
        return replays.use(use);
      },
    };
    const { app } = createApi({ replay: { stores: { replays: recording } } });
    const { status } = await callResource(app, party, { claims: { jti: 'j'.repeat(2000) } });

    expect([status, digests.map(({ length }) => length)]).toEqual([200, [43]]);
  });

  test('§11.1: a proof that fails a check is not recorded', async () => {
    const { app } = createApi();
    const claims = { jti: 'once' };
    const other = createProofSigner();
    await callResource(app, party, { claims, token: party.unbound });
    await callResource(app, { ...party, signer: other }, { claims });
    await callResource(app, party, { claims: { ...claims, ath: 'a' } });

    expect((await callResource(app, party, { claims })).status).toBe(200);
  });

  test('§11.1: iat MAY be in the near future', async () => {
    expect((await callResource(createApi().app, party, { claims: { iat: NOW + 5 } })).status).toBe(200);
  });

  test('§11.1: the same proof is accepted once if two processes share the stores', async () => {
    const replay = { stores: createMemoryStores() };
    const claims = { jti: 'once' };
    const options = { url: `${AUDIENCE}/resource`, claims };
    const statuses = await Promise.all(
      [createApi({ replay }), createApi({ replay })].map(
        async ({ app }) => (await callResource(app, party, options)).status,
      ),
    );

    expect(statuses.sort()).toEqual([200, 401]);
  });
});
