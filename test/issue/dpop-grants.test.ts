import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  createDpopApp,
  DPOP_KEYS,
  type DpopAnswer,
  type DpopApp,
  INTERNAL,
  REPORTS,
} from '../support/dpop-app.js';
import { createProofSigner, type ProofSigner } from '../support/dpop-proofs.js';
import {
  githubToken,
  idJag,
  JWT_BEARER,
  keysOf,
  SIGNERS,
  signerOf,
  WORKLOAD_KEYS,
} from '../support/workload-app.js';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';

let app: DpopApp;
let own: ProofSigner;
let other: ProofSigner;

beforeAll(() => {
  own = createProofSigner();
  other = createProofSigner('EdDSA');
});

beforeEach(async () => {
  const workloadIssuers = Object.keys(SIGNERS).map((issuer) => ({
    issuer,
    verification: keysOf(signerOf(issuer)),
  }));
  app = await createDpopApp({ files: { ...DPOP_KEYS, ...WORKLOAD_KEYS }, options: { workloadIssuers } });
});

const keyOf = async ({ accessToken }: DpopAnswer) => (await app.open(accessToken)).claims.cnf;

const lastReason = (): unknown => {
  const last = app.records.at(-1);
  return last?.type === 'issuance.refused' ? last.reason : undefined;
};

const exchange = (clientId: string, subjectToken: string, signer?: ProofSigner, form = {}) =>
  app.post(
    'token',
    { grant_type: EXCHANGE, subject_token: subjectToken, subject_token_type: ACCESS_TOKEN_TYPE, ...form },
    { clientId, ...(signer && { signer }) },
  );

const exchangeJwt = (assertion: string, signer?: ProofSigner, clientId?: string) =>
  app.post(
    'token',
    { grant_type: JWT_BEARER, assertion },
    { ...(signer && { signer }), ...(clientId && { clientId }) },
  );

describe('a proof binds the tokens of', () => {
  test('the client credentials grant', async () => {
    const answer = await app.obtain({}, { signer: own });

    expect(answer.body).toMatchObject({ token_type: 'DPoP' });
    expect(await keyOf(answer)).toEqual({ jkt: own.jkt });
    expect(await app.use(answer.accessToken, own)).toBe(200);
    expect(await app.use(answer.accessToken, other)).toBe(401);
    expect(await app.use(answer.accessToken)).toBe(401);
  });

  test('the client credentials grant for a service token', async () => {
    const answer = await app.obtain({ audience: INTERNAL }, { signer: own });

    expect(answer.body).toMatchObject({ token_type: 'DPoP' });
    expect(await app.open(answer.accessToken)).toMatchObject({
      type: 'service',
      claims: { cnf: { jkt: own.jkt } },
    });
  });

  test('the refresh token grant', async () => {
    const { refreshToken } = await app.obtain({ scope: 'offline_access' });
    const answer = await app.refresh(refreshToken, { clientId: 'demo', signer: own });

    expect(answer.body).toMatchObject({ token_type: 'DPoP' });
    expect(await keyOf(answer)).toEqual({ jkt: own.jkt });
  });

  test('a token exchange', async () => {
    const { accessToken } = await app.obtain();
    const answer = await exchange('plain', accessToken, own);

    expect(answer).toMatchObject({ status: 200, body: { token_type: 'DPoP' } });
    expect(await keyOf(answer)).toEqual({ jkt: own.jkt });
  });

  test('the JWT bearer grant', async () => {
    const answer = await exchangeJwt(githubToken(), own);

    expect(answer).toMatchObject({ status: 200, body: { token_type: 'DPoP' } });
    expect(await keyOf(answer)).toEqual({ jkt: own.jkt });
  });
});

test('without a proof, tokens are bearer tokens without cnf', async () => {
  const answer = await app.obtain();

  expect(answer.body).toMatchObject({ token_type: 'Bearer' });
  expect(await keyOf(answer)).toBeUndefined();
});

describe('a subject token that is bound to a key', () => {
  let subject: string;

  beforeEach(async () => {
    subject = (await app.obtain({ user: 'alice' }, { signer: own })).accessToken;
  });

  test('is exchanged by a client that introspects its audience, for a token of the key of the client', async () => {
    const answer = await exchange('gateway', subject, other);

    expect(answer).toMatchObject({ status: 200, body: { token_type: 'DPoP' } });
    expect(await app.open(answer.accessToken)).toMatchObject({
      type: 'delegation',
      claims: { aud: REPORTS, sub: 'alice', cnf: { jkt: other.jkt } },
    });
  });

  test('is not exchanged for a bearer token', async () => {
    expect(await exchange('gateway', subject)).toMatchObject({
      status: 400,
      body: { error: 'invalid_request', error_description: expect.stringMatching(/send a DPoP proof$/) },
    });
    expect(lastReason()).toBe('proof_missing');
  });

  test.each([
    ['without a proof', () => undefined],
    ['with a proof of the key of the client', () => other],
  ] as [string, () => ProofSigner | undefined][])(
    'is not exchanged by a client that does not introspect its audience, %s',
    async (_how, signer) => {
      expect(await exchange('plain', subject, signer())).toMatchObject({
        status: 400,
        body: { error: 'invalid_request' },
      });
      expect(lastReason()).toBe('key_bound');
    },
  );

  test('is exchanged by any client of the delegation that proves possession of its key', async () => {
    const answer = await exchange('plain', subject, own);

    expect(await keyOf(answer)).toEqual({ jkt: own.jkt });
  });
});

describe('an actor token that is bound to a key', () => {
  const actorOf = (token: string) => ({ actor_token: token, actor_token_type: ACCESS_TOKEN_TYPE });

  test('follows the rules of subject tokens', async () => {
    const subject = (await app.obtain({ user: 'alice' })).accessToken;
    const actor = (await app.obtain({}, { clientId: 'plain', signer: own })).accessToken;

    expect(await exchange('desk', subject, other, actorOf(actor))).toMatchObject({ status: 200 });
    expect(await exchange('desk', subject, undefined, actorOf(actor))).toMatchObject({ status: 400 });
    expect(lastReason()).toBe('proof_missing');
  });
});

describe('the JWT of a workload that is bound to a key', () => {
  const bound = () => githubToken({ cnf: { jkt: own.jkt } });

  test('is exchanged with a proof of that key', async () => {
    expect(await keyOf(await exchangeJwt(bound(), own))).toEqual({ jkt: own.jkt });
  });

  test.each([
    ['no proof', () => undefined],
    ['a proof of another key', () => other],
  ] as [string, () => ProofSigner | undefined][])('is rejected with %s', async (_what, signer) => {
    expect(await exchangeJwt(bound(), signer())).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
    expect(lastReason()).toBe('assertion_key_bound');
  });

  test('is rejected if it is also bound to something else', async () => {
    const assertion = githubToken({ cnf: { jkt: own.jkt, kid: 'x' } });

    expect((await exchangeJwt(assertion, own)).status).toBe(400);
  });

  test('is not used up by a request whose proof is malformed or lacks a nonce', async () => {
    const assertion = idJag({ cnf: { jkt: own.jkt } });
    const form = { grant_type: JWT_BEARER, assertion };
    const wrong = { clientId: 'agent', signer: own, proof: { claims: { htm: 'GET' } } };

    expect(await app.post('token', form, wrong)).toMatchObject({ body: { error: 'invalid_dpop_proof' } });
    expect(
      (await app.post('token', { ...form, audience: REPORTS }, { clientId: 'agent', signer: own })).status,
    ).toBe(200);
  });
});

describe('a bound token at the other endpoints', () => {
  let token: string;

  beforeEach(async () => {
    token = (await app.obtain({}, { signer: own })).accessToken;
  });

  test('is introspected without its key', async () => {
    const { body } = await app.post('introspect', { token }, { clientId: 'gateway' });

    expect(body).toMatchObject({ active: true, token_type: 'DPoP', cnf: { jkt: own.jkt } });
  });

  test('is revoked without its key', async () => {
    expect((await app.post('revoke', { token }, { clientId: 'demo' })).status).toBe(200);
    expect(await app.use(token, own)).toBe(401);
  });

  test('is audited with the thumbprint of its key', () => {
    expect(app.records).toContainEqual(
      expect.objectContaining({ type: 'token.issued', tokenType: 'api_call', jkt: own.jkt }),
    );
  });
});
