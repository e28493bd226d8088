import { describe, expect, test } from '@jest/globals';
import { clientCredentialsGrant } from '../../../src/issue/grants/client-credentials-grant.js';
import type { ClaimsHook } from '../../../src/issue/grants/issue-access-token.js';
import { tokenRouter } from '../../../src/issue/token-router.js';
import { apiKeyOf, loadFiles, problemsOf } from '../../support/api-key-files.js';
import { createIssuerAndVerifier } from '../../support/issuer-and-verifier.js';
import { AUDIENCE, clock, createRing, ISSUER } from '../../support/tokens.js';

const REPORTS = 'https://reports.internal';
const SERVICE = {
  service_audiences: [REPORTS],
  permissions: ['read:reports', 'read:documents'],
  users: 'true',
  token_ttl: '3600',
};

const keyRing = await createRing();
const tokens = createIssuerAndVerifier({ keyRing, issuer: ISSUER, audience: [AUDIENCE, REPORTS], clock });

async function exchange(
  parameters: Record<string, string>,
  fields: Record<string, unknown> = SERVICE,
  claimsHook?: ClaimsHook,
) {
  const apiKey = apiKeyOf(fields);
  const keys = { apiKey, isPublic: false, apiKeys: { get: () => apiKey } };
  const times = { requestedAt: clock(), clock };
  const context = { tokens, ...keys, defaultAudience: AUDIENCE, origin: {}, ...times };
  const grant = clientCredentialsGrant(claimsHook === undefined ? {} : { claimsHook });
  const response = await grant.handle({ ...context, parameters: new Map(Object.entries(parameters)) });
  return { response, verified: await tokens.verify(response.access_token) };
}

describe('a service token', () => {
  test('is issued to the API key itself, for a listed service, for five minutes', async () => {
    const { response, verified } = await exchange({ audience: REPORTS });

    expect(response).toMatchObject({ expires_in: 300, scope: 'read:reports read:documents' });
    expect(verified.type).toBe('service');
    expect(verified.claims).toMatchObject({ sub: 'demo', client_id: 'demo', aud: REPORTS });
  });

  test('carries no user rights of the API key', async () => {
    const { verified } = await exchange({ audience: REPORTS });

    expect(verified.claims).not.toHaveProperty('allowed_models');
    expect(verified.claims).not.toHaveProperty('rate_limits');
    expect(verified.claims).not.toHaveProperty('metadata');
  });

  test('has the requested scope and the custom claims', async () => {
    const { verified } = await exchange({ resource: REPORTS, scope: 'read:reports' }, SERVICE, () => ({
      a: 1,
    }));

    expect(verified.claims.scope).toBe('read:reports');
    expect(verified.claims['a']).toBe(1);
  });

  test('expires no later than other tokens of its API key', async () => {
    const { response } = await exchange({ audience: REPORTS }, { ...SERVICE, token_ttl: '60' });

    expect(response.expires_in).toBe(60);
  });

  test('is never issued without naming the service', async () => {
    const { verified } = await exchange({});

    expect(verified.type).toBe('tiered_model_exec');
    expect(verified.claims.aud).toBe(AUDIENCE);
  });

  test('is issued only for configured services', async () => {
    await expect(exchange({ audience: 'https://other.internal' })).rejects.toMatchObject({
      error: 'invalid_target',
    });
    await expect(exchange({ audience: REPORTS }, {})).rejects.toMatchObject({ error: 'invalid_target' });
  });

  test.each(['user', 'session_id', 'device_id'])('cannot have the parameter %s', async (name) => {
    await expect(exchange({ audience: REPORTS, [name]: 'x' })).rejects.toMatchObject({
      error: 'invalid_request',
    });
  });

  test('has no refresh token', async () => {
    await expect(exchange({ audience: REPORTS, scope: 'offline_access' })).rejects.toMatchObject({
      error: 'invalid_scope',
    });
  });
});

describe('audiences of services and of users', () => {
  const base = 'name: N\ntype: api_call\nrate_limits: {}\n';

  test.each([
    [
      'of another key',
      {
        'a.yaml': `api_key: a\nkey_id: a\n${base}audiences: [${REPORTS}]\n`,
        'b.yaml': `api_key: b\nkey_id: b\n${base}service_audiences: [${REPORTS}]\n`,
      },
      'b.yaml',
    ],
    [
      'of the same key',
      { 'a.yaml': `api_key: a\n${base}audiences: [${REPORTS}]\nservice_audiences: [${REPORTS}]\n` },
      'a.yaml',
    ],
  ])(
    'are disjoint: an audience that is also among the audiences %s is an error',
    async (_name, files, file) => {
      expect(await problemsOf(files)).toEqual([
        expect.objectContaining({
          file,
          path: 'service_audiences[0]',
          message:
            'must not be in audiences or delegation.audiences of any API key: use a separate audience for service tokens',
        }),
      ]);
    },
  );

  test('are disjoint: the audience of the router is for users', async () => {
    const apiKeys = await loadFiles({ 'a.yaml': `api_key: a\n${base}service_audiences: [${REPORTS}]\n` });

    expect(() => tokenRouter({ keyRing, issuer: ISSUER, audience: REPORTS, apiKeys })).toThrow(TypeError);
  });
});
