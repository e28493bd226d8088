import { describe, expect, test } from '@jest/globals';
import { claimsByKeyType } from '../../src/api-keys/claims-by-key-type.js';
import { apiKeyOf } from '../support/api-key-files.js';

const COMMON = {
  api_key_name: 'Demo key',
  rate_limits: {
    requests_per_minute: 60,
    tokens_per_minute: 10_000,
    requests_per_hour: 1000,
    concurrent_requests: 5,
  },
  metadata: {},
};

describe('claimsByKeyType', () => {
  test.each([
    [
      'tiered_model_exec',
      {
        models: [
          { name: 'm', endpoint: 'https://example.com', api_key: 'c4n4ry' },
          { name: 'n', endpoint: 'echo:' },
        ],
      },
      { allowed_models: ['m', 'n'] },
    ],
    [
      'function_call',
      { functions: ['add', 'subtract'], models: [] },
      { allowed_functions: ['add', 'subtract'] },
    ],
    ['api_call', { endpoints: ['GET /reports/*'], models: [] }, { allowed_endpoints: ['GET /reports/*'] }],
  ])('of %s are exactly', (type, fields, claims) => {
    expect(claimsByKeyType(apiKeyOf({ type, ...fields }))).toEqual({ ...COMMON, ...claims });
  });

  test.each([
    [undefined, { tier: 'gold', team: { id: 'a' } }],
    [['team'], { team: { id: 'a' } }],
    [[], {}],
  ])('with metadata_claims %j let out %j', (metadataClaims, metadata) => {
    const apiKey = apiKeyOf({
      metadata: { tier: 'gold', team: { id: 'a' } },
      metadata_claims: metadataClaims,
    });
    expect(claimsByKeyType(apiKey)['metadata']).toEqual(metadata);
  });

  test('hold nothing of the providers', () => {
    const apiKey = apiKeyOf({
      models: [{ name: 'm', endpoint: 'https://c4n4ry.example', api_key: 'c4n4ry' }],
    });
    expect(JSON.stringify(claimsByKeyType(apiKey))).not.toContain('c4n4ry');
  });
});
