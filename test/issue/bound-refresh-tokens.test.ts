import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Stores } from 'passport-jwe/stores';
import { createDpopApp, type DpopApp } from '../support/dpop-app.js';
import { createProofSigner, type ProofSigner } from '../support/dpop-proofs.js';
import { describeOnDrivers } from '../support/drivers.js';
import { NOW } from '../support/tokens.js';

const OFFLINE = { scope: 'read offline_access' };
const DEVICE = { device_id: 'd1' };
const INVALID_GRANT = { status: 400, body: { error: 'invalid_grant' } };

/** Longer than the grace window. */
const LATER = NOW + 11;

let own: ProofSigner;
let other: ProofSigner;

beforeAll(() => {
  own = createProofSigner();
  other = createProofSigner();
});

const reasonsOf = ({ records }: DpopApp): readonly unknown[] =>
  records.flatMap((record) => (record.type === 'issuance.refused' ? [record.reason] : []));
const endsOf = ({ records }: DpopApp): readonly unknown[] =>
  records.flatMap((record) => (record.type === 'session.ended' ? [record.reason] : []));

describe('a refresh token of a public client that was obtained with a proof', () => {
  let app: DpopApp;
  let first: string;

  beforeEach(async () => {
    app = await createDpopApp();
    first = (await app.obtain(OFFLINE, { clientId: 'app', signer: own })).refreshToken;
  });

  test('needs no device_id', async () => {
    expect((await app.refresh(first, { signer: own })).status).toBe(200);
  });

  test.each([
    ['without a proof', () => ({})],
    ['with a proof of another key', () => ({ signer: other })],
  ])('is rejected %s', async (_how, sending) => {
    expect(await app.refresh(first, sending())).toMatchObject(INVALID_GRANT);
    expect(reasonsOf(app)).toEqual(['wrong_key']);
  });

  test('is not ended by wrong keys, however many', async () => {
    for (let attempt = 0; attempt < 6; attempt += 1) await app.refresh(first, { signer: other });

    expect(endsOf(app)).toEqual([]);
    expect((await app.refresh(first, { signer: own })).status).toBe(200);
  });

  test('yields nothing within the grace window without the key, and the session goes on', async () => {
    const second = await app.refresh(first, { signer: own });
    const stolen = [await app.refresh(first), await app.refresh(first, { signer: other })];

    expect(stolen).toMatchObject([INVALID_GRANT, INVALID_GRANT]);
    expect((await app.refresh(first, { signer: own })).refreshToken).toBe(second.refreshToken);
    expect((await app.refresh(second.refreshToken, { signer: own })).status).toBe(200);
  });

  test('does not end the session when a thief without the key reuses it later', async () => {
    const second = await app.refresh(first, { signer: own });
    app.setTime(LATER);

    expect(await app.refresh(first, { signer: other })).toMatchObject(INVALID_GRANT);
    expect((await app.refresh(second.refreshToken, { signer: own })).status).toBe(200);
  });

  test('ends the session when the holder of the key reuses it later', async () => {
    const second = await app.refresh(first, { signer: own });
    app.setTime(LATER);

    expect(await app.refresh(first, { signer: own })).toMatchObject(INVALID_GRANT);
    expect(endsOf(app)).toEqual(['reused']);
    expect(await app.refresh(second.refreshToken, { signer: own })).toMatchObject(INVALID_GRANT);
  });

  test('stays bound after many refreshes', async () => {
    let token = first;
    for (let turn = 0; turn < 3; turn += 1) token = (await app.refresh(token, { signer: own })).refreshToken;

    expect(await app.refresh(token)).toMatchObject(INVALID_GRANT);
  });

  test('still needs the device_id that was chosen with it', async () => {
    const { refreshToken } = await app.obtain({ ...OFFLINE, ...DEVICE }, { clientId: 'app', signer: own });

    expect(await app.refresh(refreshToken, { signer: own })).toMatchObject(INVALID_GRANT);
    expect((await app.refresh(refreshToken, { signer: own }, DEVICE)).status).toBe(200);
  });

  test('is rejected before its scope is compared, so that a thief learns nothing about it', async () => {
    expect(await app.refresh(first, {}, { scope: 'admin' })).toMatchObject(INVALID_GRANT);
  });

  test('is revoked without a proof', async () => {
    const answer = await app.post('revoke', { token: first, client_id: 'app' });

    expect(answer.status).toBe(200);
    expect(await app.refresh(first, { signer: own })).toMatchObject(INVALID_GRANT);
  });

  test('is audited with the thumbprint of its key', async () => {
    expect(app.records).toContainEqual(
      expect.objectContaining({ type: 'token.issued', tokenType: 'refresh', jkt: own.jkt }),
    );
  });
});

test('a public client needs a device_id or a proof to begin a session', async () => {
  const app = await createDpopApp();

  expect(await app.obtain(OFFLINE, { clientId: 'app' })).toMatchObject({
    status: 400,
    body: { error: 'invalid_request', error_description: expect.stringContaining('DPoP proof') },
  });
});

describeOnDrivers('a refresh token of a public client without a key', (open) => {
  let app: DpopApp;
  let first: string;

  beforeEach(async () => {
    app = await createDpopApp({}, open);
    first = (await app.obtain({ ...OFFLINE, ...DEVICE }, { clientId: 'app' })).refreshToken;
  });

  const refresh = (token: string, signer?: ProofSigner) =>
    app.refresh(token, signer === undefined ? {} : { signer }, DEVICE);

  test('stays usable without a proof', async () => {
    const second = await refresh(first);

    expect((await refresh(second.refreshToken)).body).toMatchObject({ token_type: 'Bearer' });
  });

  test('is bound at the first refresh with a proof, and only to that key', async () => {
    const second = await refresh(first, own);

    expect(second.body).toMatchObject({ token_type: 'DPoP' });
    expect(await refresh(second.refreshToken)).toMatchObject(INVALID_GRANT);
    expect(await refresh(second.refreshToken, other)).toMatchObject(INVALID_GRANT);
    expect((await refresh(second.refreshToken, own)).status).toBe(200);
  });

  test('repeats its response within the grace window for the key that bound it', async () => {
    const second = await refresh(first, own);

    expect((await refresh(first, own)).refreshToken).toBe(second.refreshToken);
  });

  test('repeats its response with a proof, although the first request had none', async () => {
    const second = await refresh(first);
    const repeated = await refresh(first, own);

    expect(repeated).toMatchObject({ refreshToken: second.refreshToken, body: { token_type: 'DPoP' } });
    expect((await refresh(second.refreshToken, own)).status).toBe(200);
  });

  test.each([
    ['another key', (): ProofSigner | undefined => other],
    ['no key', (): ProofSigner | undefined => undefined],
  ])(
    'ends the session if a second party uses it with %s, because one of the two has stolen it',
    async (_how, signer) => {
      const second = await refresh(first, own);

      expect(await refresh(first, signer())).toMatchObject(INVALID_GRANT);
      expect(endsOf(app)).toEqual(['reused']);
      expect(await refresh(second.refreshToken, own)).toMatchObject(INVALID_GRANT);
    },
  );

  test('that several keys use concurrently is bound to exactly one', async () => {
    const signers = Array.from({ length: 8 }, () => createProofSigner());
    const answers = await Promise.all(signers.map((signer) => refresh(first, signer)));
    const winners = answers.filter(({ status }) => status === 200);

    expect(winners).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(7);
  });

  test('that two servers receive concurrently with two keys is bound to exactly one', async () => {
    const second = await app.rebuild({});
    const answers = await Promise.all([
      app.refresh(first, { signer: own }, DEVICE),
      second.refresh(first, { signer: other }, DEVICE),
    ]);

    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
  });

  test('that the same key uses concurrently yields one successor', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(first, own)));

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ refreshToken }) => refreshToken)).size).toBe(1);
  });
});

describe('a refresh token of a confidential client', () => {
  let app: DpopApp;
  const demo = { clientId: 'demo' };

  beforeEach(async () => {
    app = await createDpopApp();
  });

  test('is usable with another key, which binds the access token', async () => {
    const { refreshToken } = await app.obtain(OFFLINE, { signer: own });
    const second = await app.refresh(refreshToken, { ...demo, signer: other });

    expect(second.body).toMatchObject({ token_type: 'DPoP' });
    expect((await app.open(second.accessToken)).claims.cnf).toEqual({ jkt: other.jkt });
  });

  test('is usable without a proof, and then yields a bearer token', async () => {
    const { refreshToken } = await app.obtain(OFFLINE, { signer: own });
    const second = await app.refresh(refreshToken, demo);

    expect(second.body).toMatchObject({ token_type: 'Bearer' });
    expect((await app.open(second.accessToken)).claims.cnf).toBeUndefined();
  });

  test('repeats its response within the grace window with another key', async () => {
    const { refreshToken } = await app.obtain(OFFLINE, { signer: own });
    const second = await app.refresh(refreshToken, { ...demo, signer: own });
    const repeated = await app.refresh(refreshToken, { ...demo, signer: other });

    expect(repeated.refreshToken).toBe(second.refreshToken);
    expect((await app.open(repeated.accessToken)).claims.cnf).toEqual({ jkt: other.jkt });
  });

  test('keeps the first key, which a public client must prove once the API key allows public clients', async () => {
    const files = { 'demo.yaml': DEMO_PUBLIC };
    const { refreshToken } = await app.obtain(OFFLINE, { signer: own });
    const second = await app.refresh(refreshToken, { ...demo, signer: other });
    const turnedPublic = await app.rebuild({ files });
    const named = { client_id: 'demo' };

    expect(await turnedPublic.refresh(second.refreshToken, { signer: other }, named)).toMatchObject(
      INVALID_GRANT,
    );
    expect((await turnedPublic.refresh(second.refreshToken, { signer: own }, named)).status).toBe(200);
  });
});

const DEMO_PUBLIC =
  'api_key: sk-demo\nkey_id: demo\nname: demo\ntype: api_call\nrate_limits: {}\npermissions: [read]\nrefresh_tokens: public\n';

describe('proofs of public clients', () => {
  test('are not recorded unless the refresh token is authentic, so that forged ones cannot fill the store', async () => {
    const used: string[] = [];
    const app = await createDpopApp();
    const counted: Stores['replays'] = {
      use: (use) => {
        used.push(use.jkt);
        return app.stores.replays.use(use);
      },
    };
    const { families } = app.stores;
    const observed = await app.rebuild({ options: { stores: { families, replays: counted } } });
    const { refreshToken } = await app.obtain(OFFLINE, { clientId: 'app', signer: own });
    const forged = refreshToken.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'));

    expect(await observed.refresh(forged, { signer: own })).toMatchObject(INVALID_GRANT);
    expect(used).toEqual([]);
    await observed.refresh(refreshToken, { signer: own });
    expect(used).toEqual([own.jkt]);
  });
});
