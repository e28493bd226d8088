import { beforeEach, describe, expect, test } from '@jest/globals';
import { createMemoryStores, TemporarilyUnavailableError, type VerificationKeys } from 'passport-jwe';
import request from 'supertest';
import { createProof, createProofSigner } from '../../support/dpop-proofs.js';
import {
  ACCESS_TOKEN_TYPE,
  CLIENT,
  createIdTokenApp,
  ID_TOKEN_KEYS,
  ID_TOKEN_TYPE,
  type IdTokenApp,
  type IdTokenAppOptions,
  idToken,
  keysOf,
  type Members,
  OP,
  PROVIDERS,
  REPORTS,
  SIGNER,
  TOKEN_EXCHANGE,
} from '../../support/id-token-app.js';
import { AUDIENCE, ISSUER, NOW } from '../../support/tokens.js';

const OTHER = ['other', 'sk-other'] as const;
const PLAIN = ['plain', 'sk-plain'] as const;

let app: IdTokenApp;

beforeEach(async () => {
  app = await createIdTokenApp();
});

describe('an ID token', () => {
  test('is exchanged for an access token of its user', async () => {
    const answer = await app.exchange(idToken());

    expect(answer).toMatchObject({
      status: 200,
      body: { token_type: 'Bearer', issued_token_type: ACCESS_TOKEN_TYPE, scope: 'read', expires_in: 600 },
    });
    expect(answer.body).not.toHaveProperty('refresh_token');
    const { type, claims } = await app.verify(answer);
    expect({ type, claims }).toMatchObject({
      type: 'api_call',
      claims: { sub: 'op:248289761001', client_id: 'portal', aud: AUDIENCE, api_key_name: 'Portal' },
    });
    expect(claims).not.toHaveProperty('act');
    expect(claims).not.toHaveProperty('groups');
  });

  test('needs no delegation of the API key, and permits none', async () => {
    const { body } = await app.exchange(idToken());
    const delegation = { subject_token: body['access_token'], subject_token_type: ACCESS_TOKEN_TYPE };

    expect((await app.post({ grant_type: TOKEN_EXCHANGE, ...delegation })).body).toMatchObject({
      error: 'unauthorized_client',
    });
  });

  test('is rejected for an API key without id_tokens', async () => {
    expect(await app.exchange(idToken(), {}, PLAIN)).toMatchObject({
      status: 400,
      body: { error: 'unauthorized_client' },
    });
  });

  test('is rejected for the API key of another client', async () => {
    expect(await app.exchange(idToken(), { audience: AUDIENCE }, OTHER)).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    });
    expect(app.lastReason()).toBe('assertion_audience');
    expect((await app.exchange(idToken({ aud: 'other-web' }), { audience: REPORTS }, OTHER)).status).toBe(
      200,
    );
  });

  test('is rejected without client authentication', async () => {
    const { status } = await request(app.app).post('/oauth/token').type('form').send({
      grant_type: TOKEN_EXCHANGE,
      client_id: 'portal',
      subject_token: idToken(),
      subject_token_type: ID_TOKEN_TYPE,
    });

    expect(status).toBe(401);
  });

  test('is rejected by the grant type jwt-bearer, even if its provider also issues JWTs of workloads', async () => {
    const both = await createIdTokenApp({
      files: {
        'portal.yaml': `${ID_TOKEN_KEYS['portal.yaml']}workloads: [{ issuer: ${OP}, subject: "2*", claims: { email: a } }]\n`,
      },
      workloadIssuers: [{ issuer: OP, verification: keysOf(SIGNER) }],
    });
    const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
    const reasons: unknown[] = [];
    for (const claims of [{}, { email: 'a' }, { aud: ISSUER, email: 'a' }]) {
      expect(await both.post({ grant_type, assertion: idToken(claims) })).toMatchObject({
        status: 400,
        body: { error: 'invalid_grant' },
      });
      reasons.push(both.lastReason());
    }

    expect(reasons).toEqual(['assertion_audience', 'assertion_audience', 'assertion_type']);
  });

  test('is no access token of a token exchange', async () => {
    const files = {
      'portal.yaml': `${ID_TOKEN_KEYS['portal.yaml']}delegation: { subjects: [portal], audiences: [${REPORTS}] }\n`,
    };
    const delegating = await createIdTokenApp({ files });

    for (const type of [ACCESS_TOKEN_TYPE, 'urn:ietf:params:oauth:token-type:jwt']) {
      expect(await delegating.exchange(idToken(), { subject_token_type: type })).toMatchObject({
        status: 400,
        body: { error: 'invalid_request' },
      });
      expect(delegating.lastReason()).toBe('invalid_subject_token');
    }
  });
});

describe('the parameters of the exchange', () => {
  test.each([
    ['no subject_token', { subject_token: undefined }, 'The parameter subject_token is missing'],
    [
      'an actor',
      { actor_token: 'a', actor_token_type: ACCESS_TOKEN_TYPE },
      'actor_token is not supported with an ID token',
    ],
    [
      'a type without actor',
      { actor_token_type: ACCESS_TOKEN_TYPE },
      'actor_token is not supported with an ID token',
    ],
    [
      'an unsupported type',
      { requested_token_type: ID_TOKEN_TYPE },
      'The parameter requested_token_type is not a supported token type',
    ],
    [
      'a malformed session',
      { session_id: '..' },
      'user, session_id and device_id must be 1 to 128 printable ASCII characters',
    ],
  ])('with %s are rejected', async (_name, parameters: Members, error_description) => {
    expect(await app.exchange(idToken(), parameters)).toEqual({
      status: 400,
      body: { error: 'invalid_request', error_description },
    });
  });

  test('choose audience, session and type', async () => {
    const parameters = { audience: REPORTS, session_id: 's-1', requested_token_type: ACCESS_TOKEN_TYPE };
    const answer = await app.exchange(idToken({ aud: 'other-web' }), parameters, OTHER);

    expect((await app.verify(answer)).claims).toMatchObject({ aud: REPORTS, session_id: 's-1' });
  });

  test('cannot name a user', async () => {
    const answer = await app.exchange(idToken(), { user: 'alice' });

    expect((await app.verify(answer)).claims.sub).toBe('op:248289761001');
  });
});

describe('the groups of an ID token', () => {
  test.each([
    [['staff'], undefined, 'read'],
    [['editors'], undefined, 'read write'],
    [['staff', 'editors', 'visitors'], undefined, 'read write'],
    [['editors'], 'write', 'write'],
  ])('%p and the requested scope %s grant %s', async (groups, scope, granted) => {
    const answer = await app.exchange(idToken({ groups }), scope === undefined ? {} : { scope });

    expect(answer.body['scope']).toBe(granted);
  });

  test.each([
    [['visitors'], undefined],
    [['Staff'], undefined],
    [['constructor', '__proto__', 'toString'], undefined],
    [[], undefined],
    [undefined, undefined],
    [['staff'], 'write'],
    [['staff'], 'admin'],
  ])('%p and the requested scope %s grant nothing', async (groups, scope) => {
    expect(await app.exchange(idToken({ groups }), scope === undefined ? {} : { scope })).toMatchObject({
      status: 400,
      body: { error: 'invalid_scope' },
    });
  });

  test('follow the policy for surplus scope tokens', async () => {
    const narrow = await createIdTokenApp({ surplusScopes: 'narrow' });

    expect((await narrow.exchange(idToken(), { scope: 'read write offline_access' })).body).toMatchObject({
      scope: 'read',
    });
    expect((await narrow.exchange(idToken({ jti: '2' }), { scope: 'write' })).body).toMatchObject({
      error: 'invalid_scope',
    });
  });

  test('that are incomplete reject the user: overage', async () => {
    const overages = [
      {
        _claim_names: { groups: 'src1' },
        _claim_sources: { src1: { endpoint: 'https://graph.example.com' } },
      },
      { _claim_names: { groups: 'src1' }, groups: ['staff'] },
      { _claim_names: 'groups' },
      { hasgroups: true },
      { hasgroups: 'true', groups: ['staff'] },
    ];
    for (const claims of overages) {
      expect(await app.exchange(idToken({ groups: undefined, ...claims }))).toEqual({
        status: 400,
        body: {
          error: 'invalid_grant',
          error_description: 'The ID token does not contain all groups of the user',
        },
      });
    }

    const rejected = app.records.filter(({ type }) => type === 'user.rejected');
    expect(rejected).toHaveLength(overages.length);
    expect(rejected[0]).toMatchObject({
      ...{ clientId: 'portal', reason: 'user_groups_overage', provider: 'op', subject: 'op:248289761001' },
    });
    expect(app.lastReason()).toBe('user_groups_overage');
  });

  test('are complete if another claim is distributed', async () => {
    expect(
      (await app.exchange(idToken({ _claim_names: { address: 'src1' }, hasgroups: false }))).status,
    ).toBe(200);
  });

  test('come from the configured claim', async () => {
    const roles = await createIdTokenApp({
      providers: { op: { type: 'standard', issuer: OP, verification: keysOf(SIGNER), groupsClaim: 'roles' } },
    });

    expect((await roles.exchange(idToken({ groups: ['editors'], roles: ['staff'] }))).body['scope']).toBe(
      'read',
    );
    expect((await roles.exchange(idToken({ _claim_names: { roles: 'a' } }))).body['error']).toBe(
      'invalid_grant',
    );
  });
});

describe('the conditions on claims', () => {
  const files = {
    'portal.yaml':
      'api_key: sk-portal\nkey_id: portal\nname: Portal\ntype: api_call\nrate_limits: {}\npermissions: [read, write]\n' +
      `id_tokens: [{ issuer: ${OP}, audiences: [${CLIENT}], claims: { hd: example.com } }]\n`,
  };

  test('select the users, who without groups have all permissions', async () => {
    const selecting = await createIdTokenApp({ files });

    expect((await selecting.exchange(idToken({ hd: 'example.com' }))).body['scope']).toBe('read write');
    for (const hd of [undefined, 'Example.com', 'evil.example', ['example.com']]) {
      expect((await selecting.exchange(idToken({ hd }))).body['error']).toBe('invalid_request');
      expect(selecting.lastReason()).toBe('assertion_condition');
    }
  });
});

describe('an ID token that was rejected', () => {
  test('is not used up', async () => {
    const token = idToken();
    await app.exchange(token, { scope: 'admin' });
    await app.exchange(token, { audience: 'https://unknown.example.com' });
    await app.exchange(token, { scope: 'read offline_access' });
    await app.exchange(token, { device_id: '..' });
    await app.exchange(token, {}, OTHER);

    expect((await app.exchange(token)).status).toBe(200);
    expect((await app.exchange(token)).status).toBe(400);
    expect(app.lastReason()).toBe('assertion_replayed');
  });

  test('by an outage of the keys is not used up, and the answer is 503', async () => {
    let isDown = true;
    const keys = keysOf(SIGNER);
    const verification: VerificationKeys = {
      find(kid, alg) {
        if (isDown) throw new TemporarilyUnavailableError();
        return keys.find(kid, alg);
      },
      exportPublicKeys: () => keys.exportPublicKeys(),
    };
    const flaky = await createIdTokenApp({
      providers: { op: { type: 'standard', issuer: OP, verification } },
    });
    const token = idToken();

    expect(await flaky.exchange(token)).toMatchObject({
      status: 503,
      body: { error: 'temporarily_unavailable' },
    });
    isDown = false;
    expect((await flaky.exchange(token)).status).toBe(200);
  });

  test('by an outage of the store is answered with 503', async () => {
    const counters = {
      ...createMemoryStores().counters,
      add: () => Promise.reject(new TemporarilyUnavailableError()),
    };
    const flaky = await createIdTokenApp({ stores: { counters } });

    expect((await flaky.exchange(idToken())).status).toBe(503);
  });
});

describe('refresh tokens', () => {
  test('are not issued for users of a provider without directory', async () => {
    expect(await app.exchange(idToken(), { scope: 'read offline_access' })).toEqual({
      status: 400,
      body: {
        error: 'invalid_scope',
        error_description: 'Refresh tokens are only issued for users of a directory',
      },
    });
  });
});

describe('subjects of ID tokens', () => {
  test('cannot be asserted by an API key with users', async () => {
    for (const user of ['op:248289761001', 'op:']) {
      expect((await app.post({ grant_type: 'client_credentials', user }, PLAIN)).body).toMatchObject({
        error: 'invalid_request',
      });
    }
    expect((await app.post({ grant_type: 'client_credentials', user: 'opx:1' }, PLAIN)).status).toBe(200);
  });

  test('that are long or have spaces become digests', async () => {
    const subjects: unknown[] = [];
    for (const sub of ['a b', 'c'.repeat(255)]) {
      subjects.push((await app.verify(await app.exchange(idToken({ sub })))).claims.sub);
    }

    expect(subjects).toEqual([
      expect.stringMatching(/^op:sha-256\.[\w-]{43}$/),
      expect.stringMatching(/^op:sha-256\.[\w-]{43}$/),
    ]);
    expect(subjects[0]).not.toBe(subjects[1]);
  });
});

describe('DPoP', () => {
  test('binds the token, and proves the key of an ID token with cnf', async () => {
    const signer = createProofSigner();
    const bound = await createIdTokenApp({
      dpop: { mode: 'allow', baseUrl: ISSUER },
      stores: createMemoryStores({ clock: () => NOW }),
    });
    const send = (cnf: Members | undefined) => {
      const proof = createProof(signer, { method: 'POST', url: `${ISSUER}/oauth/token` });
      const sent = { subject_token: idToken({ cnf }), subject_token_type: ID_TOKEN_TYPE };
      return bound.post({ grant_type: TOKEN_EXCHANGE, ...sent }, undefined, { DPoP: proof });
    };

    expect((await send(undefined)).body).toMatchObject({ token_type: 'DPoP' });
    expect((await send({ jkt: signer.jkt })).status).toBe(200);
    expect((await send({ jkt: 'a' })).status).toBe(400);
  });
});

test('the audit log names provider and subject, and contains no claims and no tokens', async () => {
  const token = idToken({ email: 'alice@example.com' });
  await app.exchange(token);

  expect(app.records.filter(({ type }) => type === 'user.authenticated')).toEqual([
    expect.objectContaining({ clientId: 'portal', provider: 'op', subject: 'op:248289761001' }),
  ]);
  const log = JSON.stringify(app.records);
  expect(['alice@example.com', 'n-0S6_WzA2Mj', token].filter((secret) => log.includes(secret))).toEqual([]);
});

test('a replay records no authentication', async () => {
  const token = idToken();
  await app.exchange(token);
  await app.exchange(token);

  expect(app.records.filter(({ type }) => type === 'user.authenticated')).toHaveLength(1);
});

test('the claims hook adds claims to the tokens of users', async () => {
  const options: IdTokenAppOptions = { claims: (_apiKey, { user }) => ({ seen: user ?? '' }) };
  const hooked = await createIdTokenApp(options);

  expect((await hooked.verify(await hooked.exchange(idToken()))).claims).toMatchObject({
    seen: 'op:248289761001',
  });
});

test('the metadata names the grant type while an API key has id_tokens', async () => {
  const grantsOf = async ({ app: target }: IdTokenApp) => {
    const { body } = await request(target).get('/.well-known/oauth-authorization-server');
    return body.grant_types_supported;
  };
  const none = await createIdTokenApp({
    files: { 'plain.yaml': String(ID_TOKEN_KEYS['plain.yaml']) },
    providers: PROVIDERS,
  });

  expect(await grantsOf(app)).toContain(TOKEN_EXCHANGE);
  expect(await grantsOf(none)).not.toContain(TOKEN_EXCHANGE);
});
