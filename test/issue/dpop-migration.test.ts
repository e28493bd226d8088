import { beforeEach, describe, expect, test } from '@jest/globals';
import { createDpopApp, DPOP_KEYS, type DpopApp } from '../support/dpop-app.js';
import { createProofSigner, type ProofSigner } from '../support/dpop-proofs.js';
import { NOW } from '../support/tokens.js';

const OFFLINE = { scope: 'read offline_access' };
const DEVICE = { device_id: 'd1' };
const DEMO = { clientId: 'demo' };

/** Before the migration, no API key requires proofs. */
const { 'strict.yaml': _, ...BEARER_KEYS } = DPOP_KEYS;

let bearer: DpopApp;
let signer: ProofSigner;

beforeEach(async () => {
  signer = createProofSigner();
  bearer = await createDpopApp({ dpop: 'off', files: BEARER_KEYS });
});

describe('a migration from bearer tokens to DPoP', () => {
  test('logs out no user of a public client', async () => {
    const device = (app: DpopApp, token: string, by?: ProofSigner) =>
      app.refresh(token, by === undefined ? {} : { signer: by }, DEVICE);
    const begun = await bearer.obtain({ ...OFFLINE, ...DEVICE }, { clientId: 'app' });
    const allowing = await bearer.rebuild({});
    const unchanged = await device(allowing, begun.refreshToken);
    const updated = await device(allowing, unchanged.refreshToken, signer);
    const requiring = await bearer.rebuild({ dpop: { mode: 'require' } });
    const last = await device(requiring, updated.refreshToken, signer);

    expect([begun, unchanged, updated, last].map(({ body }) => body['token_type'])).toEqual([
      ...['Bearer', 'Bearer', 'DPoP', 'DPoP'],
    ]);
    expect(await requiring.use(last.accessToken, signer)).toBe(200);
  });

  test('logs out no confidential client', async () => {
    const begun = await bearer.obtain(OFFLINE);
    const allowing = await bearer.rebuild({});
    const unchanged = await allowing.refresh(begun.refreshToken, DEMO);
    const requiring = await bearer.rebuild({ dpop: { mode: 'require' } });
    const last = await requiring.refresh(unchanged.refreshToken, { ...DEMO, signer });

    expect([begun, unchanged, last].map(({ body }) => body['token_type'])).toEqual([
      'Bearer',
      'Bearer',
      'DPoP',
    ]);
  });

  test('keeps bearer tokens usable until they expire', async () => {
    const { accessToken } = await bearer.obtain();
    const allowing = await bearer.rebuild({});

    expect(await allowing.use(accessToken)).toBe(200);
  });

  test('consumes no refresh token of a client that does not send proofs yet', async () => {
    const begun = await bearer.obtain({ ...OFFLINE, ...DEVICE }, { clientId: 'app' });
    const requiring = await bearer.rebuild({ dpop: { mode: 'require' } });
    const early = await requiring.refresh(begun.refreshToken, {}, DEVICE);
    requiring.setTime(NOW + 60);

    expect(early).toMatchObject({ status: 400, body: { error: 'invalid_dpop_proof' } });
    expect((await requiring.refresh(begun.refreshToken, { signer }, DEVICE)).status).toBe(200);
  });

  test('can be undone, and then proofs are ignored, but bound sessions stay bound', async () => {
    const allowing = await bearer.rebuild({});
    const begun = await allowing.obtain({ ...OFFLINE, ...DEVICE }, { clientId: 'app', signer });

    expect((await bearer.refresh(begun.refreshToken, { signer }, DEVICE)).status).toBe(400);
    expect((await allowing.refresh(begun.refreshToken, { signer }, DEVICE)).status).toBe(200);
  });

  test('can begin with single API keys, whose requests then need proofs', async () => {
    const files = { ...BEARER_KEYS, 'demo.yaml': `${DPOP_KEYS['demo.yaml']}dpop: required\n` };
    const begun = await bearer.obtain(OFFLINE);
    const strict = await bearer.rebuild({ files });
    const missing = { status: 400, body: { error: 'invalid_dpop_proof' } };

    expect(await strict.refresh(begun.refreshToken, DEMO)).toMatchObject(missing);
    expect(await strict.obtain({})).toMatchObject(missing);
    expect((await strict.refresh(begun.refreshToken, { ...DEMO, signer })).status).toBe(200);
    expect((await strict.obtain({}, { clientId: 'gateway' })).status).toBe(200);
  });
});

describe('an API key that requires proofs', () => {
  test('is a configuration error without the option dpop of the router', async () => {
    await expect(createDpopApp({ dpop: 'off' })).rejects.toThrow(
      'tokenRouter: dpop of the API key strict is required, but tokenRouter() ignores proofs: set the option dpop of tokenRouter()',
    );
  });

  test('is audited when its proof is missing', async () => {
    const app = await createDpopApp();
    await app.obtain({}, { clientId: 'strict' });

    expect(app.records.at(-1)).toMatchObject({
      ...{
        type: 'issuance.refused',
        code: 'ERR_INVALID_DPOP_PROOF',
        reason: 'proof_missing',
        clientId: 'strict',
      },
    });
  });

  test('is asked for its credentials first, so that a stranger does not learn its policy', async () => {
    const app = await createDpopApp();
    const form = { grant_type: 'client_credentials', client_id: 'strict', client_secret: 'wrong' };

    expect(await app.post('token', form)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  });
});
