import { beforeEach, describe, expect, test } from '@jest/globals';
import { createMemoryStores, TemporarilyUnavailableError, type VerificationKeys } from 'passport-jwe';
import request from 'supertest';
import { AUDIENCE, clock, ISSUER, NOW } from '../../support/tokens.js';
import {
  CLUSTER,
  createWorkloadApp,
  GITHUB,
  githubToken,
  IDP,
  JWT_BEARER,
  keysOf,
  LEDGER,
  MESH,
  signerOf,
  svid,
  WORKLOAD_KEYS,
  type WorkloadApp,
} from '../../support/workload-app.js';

let app: WorkloadApp;

beforeEach(async () => {
  app = await createWorkloadApp();
});

describe('the token of a workload', () => {
  test('is an access token of the API key that lists the workload', async () => {
    const answer = await app.exchange(githubToken());

    expect(answer).toMatchObject({
      status: 200,
      body: { token_type: 'Bearer', expires_in: 600, scope: 'read write' },
      headers: { 'cache-control': 'no-store' },
    });
    expect((await app.verify(answer)).claims).toMatchObject({
      iss: ISSUER,
      sub: 'billing',
      aud: AUDIENCE,
      client_id: 'billing',
      type: 'api_call',
      iat: NOW,
    });
  });

  test('has the requested part of the scope', async () => {
    expect(await app.exchange(githubToken(), { scope: 'read' })).toMatchObject({ body: { scope: 'read' } });
  });

  test('has no scope beyond the permissions of the API key', async () => {
    expect(await app.exchange(githubToken(), { scope: 'read admin' })).toMatchObject({
      status: 400,
      body: { error: 'invalid_scope' },
    });
  });

  test('has no audience that the API key does not list', async () => {
    expect(await app.exchange(githubToken(), { audience: 'https://other.example.com' })).toMatchObject({
      status: 400,
      body: { error: 'invalid_target' },
    });
  });

  test('is a service token for a service audience', async () => {
    const answer = await app.exchange(githubToken(), { audience: LEDGER });

    expect(answer).toMatchObject({ status: 200, body: { expires_in: 300 } });
    expect(await app.verify(answer)).toMatchObject({
      type: 'service',
      claims: { sub: 'billing', aud: LEDGER },
    });
  });

  test('has a user only if the API key may assert one', async () => {
    const files = {
      'k.yaml': String(WORKLOAD_KEYS['billing.yaml']).replace('rate_limits', 'users: true\nrate_limits'),
    };
    const other = await createWorkloadApp({ files });
    const answer = await other.exchange(githubToken(), { user: 'alice' });

    expect((await other.verify(answer)).claims.sub).toBe('alice');
    expect(await app.exchange(githubToken(), { user: 'alice' })).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    });
  });

  test('comes without a refresh token', async () => {
    const { families, counters } = createMemoryStores({ clock });
    const other = await createWorkloadApp({ stores: { families, counters } });

    expect((await other.exchange(githubToken())).body).not.toHaveProperty('refresh_token');
    expect(await other.exchange(githubToken(), { scope: 'read offline_access' })).toMatchObject({
      status: 400,
      body: { error: 'invalid_scope' },
    });
  });

  test('has the claims that the hook derives from the workload', async () => {
    const other = await createWorkloadApp({
      claims: (_apiKey, { workload }) => ({ repository: workload?.claims['repository_id'] ?? '' }),
    });

    expect((await other.verify(await other.exchange(githubToken()))).claims).toMatchObject({
      repository: '123456',
    });
  });
});

describe('the request of a workload', () => {
  test('can repeat the JWT until it expires', async () => {
    const token = githubToken();

    expect([await app.exchange(token), await app.exchange(token)].map(({ status }) => status)).toEqual([
      200, 200,
    ]);
  });

  test('names an audience as a URL with or without the root slash', async () => {
    const answer = await app.exchange(githubToken(), { resource: `${AUDIENCE}/` });

    expect((await app.verify(answer)).claims.aud).toBe(AUDIENCE);
  });

  test('can name its API key in client_id, and no other', async () => {
    expect(await app.exchange(githubToken(), { client_id: 'billing' })).toMatchObject({ status: 200 });
    expect(await app.exchange(githubToken(), { client_id: 'one' })).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
    expect(app.lastReason()).toBe('wrong_client');
  });

  test('can authenticate as its API key, and as no other', async () => {
    expect(await app.exchange(githubToken(), {}, ['billing', 'sk-billing'])).toMatchObject({ status: 200 });
    expect(await app.exchange(githubToken(), {}, ['one', 'sk-one'])).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
    expect(app.lastReason()).toBe('wrong_client');
  });

  test('is rejected with wrong credentials, even if the JWT is valid', async () => {
    expect(await app.exchange(githubToken(), {}, ['billing', 'sk-wrong'])).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    });
    expect(await app.exchange(githubToken(), { client_id: 'billing', client_secret: 'x' })).toMatchObject({
      status: 401,
    });
  });

  test('requires one assertion', async () => {
    const post = (body: string) => request(app.app).post('/oauth/token').type('form').send(body);

    expect(await post(`grant_type=${JWT_BEARER}`)).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    });
    expect(await post(`grant_type=${JWT_BEARER}&assertion=a&assertion=b`)).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    });
  });

  test('is rejected without workloadIssuers like any unknown grant type', async () => {
    const other = await createWorkloadApp({
      issuers: [],
      files: { 'k.yaml': 'api_key: sk-k\nkey_id: k\nname: K\ntype: api_call\nrate_limits: {}\n' },
    });

    expect(await other.exchange(githubToken())).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    });
    expect(await other.exchange(githubToken(), {}, ['k', 'sk-k'])).toMatchObject({
      status: 400,
      body: { error: 'unsupported_grant_type' },
    });
  });
});

describe('audit events', () => {
  test('name the workload of an issued token', async () => {
    await app.exchange(githubToken());

    expect(app.records.filter(({ type }) => type === 'token.issued')).toEqual([
      expect.objectContaining({
        clientId: 'billing',
        workloadIssuer: GITHUB,
        workloadSubject: 'repo:acme/billing:environment:production',
      }),
    ]);
  });

  test('name the workload of an authentic JWT that is rejected', async () => {
    await app.exchange(githubToken({ sub: 'repo:acme/unknown:pull_request' }));

    expect(app.records.filter(({ type }) => type === 'issuance.refused')).toEqual([
      expect.objectContaining({
        reason: 'no_workload',
        workloadIssuer: GITHUB,
        workloadSubject: 'repo:acme/unknown:pull_request',
      }),
    ]);
  });

  test('name no workload of a JWT with a wrong signature', async () => {
    await app.exchange(githubToken({}, { kid: 'github' }, signerOf(CLUSTER)));
    const [refusal] = app.records.filter(({ type }) => type === 'issuance.refused');

    expect(refusal).toMatchObject({ reason: 'assertion_signature' });
    expect(refusal).not.toHaveProperty('workloadSubject');
  });

  test('count rejected workloads of one network separately', async () => {
    const other = await createWorkloadApp({ throttle: {} });
    for (const name of ['a', 'b', 'a']) await other.exchange(githubToken({ sub: `repo:acme/${name}:ref` }));
    const subjects = other.records.flatMap((record) =>
      record.type === 'issuance.refused' ? [record.workloadSubject] : [],
    );

    expect(subjects).toEqual(['repo:acme/a:ref', 'repo:acme/b:ref']);
  });
});

describe('the throttle', () => {
  test('counts wrong signatures and unknown workloads, like wrong API keys', async () => {
    const other = await createWorkloadApp({ throttle: { failuresPerMinute: 2 } });
    const forged = githubToken({}, { kid: 'github' }, signerOf(CLUSTER));
    const statuses: number[] = [];
    const unknown = githubToken({ sub: 'repo:attacker/any:environment:x' });
    for (const token of [forged, unknown, githubToken()]) statuses.push((await other.exchange(token)).status);

    expect(statuses).toEqual([400, 400, 429]);
  });

  test('does not count other rejections, so that a misconfigured workload does not lock out its network', async () => {
    const other = await createWorkloadApp({ throttle: { failuresPerMinute: 1 } });
    const statuses: number[] = [];
    for (const token of ['x', githubToken({ exp: NOW }), githubToken({ aud: 'x' }), githubToken()])
      statuses.push((await other.exchange(token)).status);

    expect(statuses).toEqual([400, 400, 400, 200]);
  });
});

test('an outage of the keys of an issuer is a 503, and no verdict', async () => {
  let isOut = true;
  const keys = keysOf(signerOf(GITHUB));
  const verification: VerificationKeys = {
    ...keys,
    find(kid, alg) {
      if (isOut) throw new TemporarilyUnavailableError();
      return keys.find(kid, alg);
    },
  };
  const other = await createWorkloadApp({
    issuers: [
      { issuer: GITHUB, verification },
      ...[CLUSTER, MESH, IDP].map((issuer) => ({ issuer, verification: keysOf(signerOf(issuer)) })),
    ],
    throttle: { failuresPerMinute: 1 },
  });
  const down = await Promise.all([1, 2].map(() => other.exchange(githubToken())));
  const meanwhile = await other.exchange(svid());
  isOut = false;

  expect(down.map(({ status, body }) => [status, body['error']])).toEqual([
    [503, 'temporarily_unavailable'],
    [503, 'temporarily_unavailable'],
  ]);
  expect(meanwhile.status).toBe(200);
  expect((await other.exchange(githubToken())).status).toBe(200);
});

describe('the metadata', () => {
  async function grantTypesOf({ app: server }: WorkloadApp): Promise<unknown> {
    return (await request(server).get('/.well-known/oauth-authorization-server')).body.grant_types_supported;
  }

  test('list the grant type if an API key lists workloads', async () => {
    const files = { 'k.yaml': 'api_key: sk-k\nname: K\ntype: api_call\nrate_limits: {}\n' };

    expect(await grantTypesOf(app)).toContain(JWT_BEARER);
    expect(await grantTypesOf(await createWorkloadApp({ files }))).not.toContain(JWT_BEARER);
  });
});

describe('the option workloadIssuers', () => {
  const verification = keysOf(signerOf(GITHUB));

  test.each([
    [{ issuer: 'x', verification }, 'workloadIssuers[0].issuer must be the iss of the JWTs'],
    [{ issuer: 'http://a.example', verification }, 'workloadIssuers[0].issuer must be the iss of the JWTs'],
    [
      { issuer: ISSUER, verification },
      'workloadIssuers[0].issuer is a duplicate or the issuer of the router',
    ],
    [
      { issuer: GITHUB, verification, maxLifetimeSeconds: 0 },
      'workloadIssuers[0].maxLifetimeSeconds must be an integer',
    ],
    [
      { issuer: GITHUB, verification, maxLifetimeSeconds: 604_801 },
      'workloadIssuers[0].maxLifetimeSeconds must be an integer',
    ],
  ])('rejects %j', async (issuer, message) => {
    await expect(createWorkloadApp({ issuers: [issuer] })).rejects.toThrow(message);
  });

  test('rejects a duplicate, and an API key with an issuer that is not listed', async () => {
    const issuer = { issuer: GITHUB, verification };

    await expect(createWorkloadApp({ issuers: [issuer, issuer] })).rejects.toThrow(
      'workloadIssuers[1].issuer is a duplicate',
    );
    await expect(createWorkloadApp({ issuers: [issuer] })).rejects.toThrow(
      'workloads.0.issuer of the API key agent is not in workloadIssuers of tokenRouter()',
    );
  });

  test('sets the maximum lifetime of each issuer', async () => {
    const issuers = [GITHUB, CLUSTER, MESH, IDP].map((each) => ({
      issuer: each,
      verification: keysOf(signerOf(each)),
      maxLifetimeSeconds: 299,
    }));
    const other = await createWorkloadApp({ issuers });

    expect((await other.exchange(githubToken())).status).toBe(400);
    expect((await other.exchange(githubToken({ exp: NOW + 299 }))).status).toBe(200);
  });
});
