import { describe, expect, test } from '@jest/globals';
import { findModel, modelNamesOf } from '../../examples/gateway/models/find-model.js';
import { resolveClaimsPolicy } from '../../src/token/claims/claims-policy.js';
import { validateClaimsSet } from '../../src/token/claims/validate-claims-set.js';
import { apiKeyOf } from '../support/api-key-files.js';
import { thrownBy } from '../support/caught.js';
import { AUDIENCE, claimsOf, ISSUER, NOW } from '../support/tokens.js';

const model = (name: string, maxTokens: number) => ({
  ...{ name, endpoint: 'https://provider.test/v1/chat/completions', api_key: 'pk' },
  max_tokens: String(maxTokens),
});
const keys = new Map(
  [
    { key_id: 'near', models: [model('shared', 1), model('own', 1)] },
    { key_id: 'far', models: [model('shared', 2), model('old', 2), model('hidden', 2)] },
    { key_id: 'actor', models: [model('secret', 3)] },
  ].map((fields) => {
    const apiKey = apiKeyOf(fields);
    return [apiKey.keyId, apiKey] as const;
  }),
);

const entry = { jti: 'j', iat: NOW };
const delegated = validateClaimsSet(
  {
    header: { typ: 'at+jwt' },
    claims: claimsOf({
      ...{ type: 'delegation', delegator: 'near', delegated_to: 'actor', act: { sub: 'actor' } },
      ...{ client_id: 'actor', sub: 'near', expires_at: NOW + 600, rate_limits: undefined },
      allowed_models: ['own', 'shared', 'old', 'secret'],
      lineage: [
        { ...entry, client_id: 'actor', is_actor: true },
        { ...entry, client_id: 'near' },
        { ...entry, client_id: 'far' },
      ],
    }),
    key: {},
  },
  resolveClaimsPolicy({ issuer: ISSUER, audience: AUDIENCE }),
  NOW,
);

describe('a delegated token', () => {
  test('uses the models of its subjects, and those of the nearest one first', () => {
    expect(findModel(delegated, 'shared', keys).maxTokens).toBe(1);
    expect(findModel(delegated, 'old', keys).maxTokens).toBe(2);
  });

  test.each(['hidden', 'secret', 'unknown', undefined])('does not use the model %p', (name) => {
    expect(thrownBy(() => findModel(delegated, name, keys))).toMatchObject({ detail: { status: 404 } });
  });

  test('lists each model once', () => {
    expect(modelNamesOf(delegated, keys)).toEqual(['shared', 'own', 'old']);
  });
});
