import { describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { resolveApiKey } from '../../src/api-keys/resolve-api-key.js';
import { apiKeySchema } from '../../src/api-keys/schema.js';
import { apiKeyOf } from '../support/api-key-files.js';

describe('key_id', () => {
  test.each([
    ['Enterprise Customer API Key', 'enterprise-customer-api-key'],
    ['  Spaces   and--dashes ', 'spaces-and-dashes'],
    ['Crème Brûlée', 'creme-brulee'],
    ['ﬁne ²', 'fine-2'],
    ['a/b:c_d.e', 'a-b-c-d-e'],
    ['鍵 7', '7'],
    ['x'.repeat(100), 'x'.repeat(64)],
  ])('of %j is %s', (name, keyId) => {
    expect(apiKeyOf({ key_id: undefined, name }).keyId).toBe(keyId);
  });

  test('is the one that is given, as it is', () => {
    expect(apiKeyOf({ key_id: 'Team.A_1~x', name: 'Another name' }).keyId).toBe('Team.A_1~x');
  });

  test.each(['鍵', '!!!', '-'])('of %j is none', (name) => {
    const file = v.parse(apiKeySchema, { api_key: 'k', name, type: 'api_call', rate_limits: {} });
    expect(resolveApiKey(file)).toBeUndefined();
  });
});

describe('resolveApiKey', () => {
  test('omits expiresAt if the key does not expire', () => {
    expect(apiKeyOf()).not.toHaveProperty('expiresAt');
  });

  test('makes a look-up of the lifetimes by scope', () => {
    const apiKey = apiKeyOf({ scope_ttl: { 'write:documents': '60' } });
    expect(apiKey.scopeTtlSeconds).toEqual(new Map([['write:documents', 60]]));
  });

  test('releases all metadata by default', () => {
    const metadata = { tier: 'gold', team: 'a' };
    expect(apiKeyOf({ metadata }).metadataClaims).toEqual(['tier', 'team']);
    expect(apiKeyOf({ metadata, metadata_claims: ['team'] }).metadataClaims).toEqual(['team']);
    expect(apiKeyOf({ metadata, metadata_claims: [] }).metadataClaims).toEqual([]);
  });

  test('does not hold the key itself', () => {
    expect(JSON.stringify(apiKeyOf({ api_key: 'c4n4ry' }))).not.toContain('c4n4ry');
  });

  test('keeps the key of a provider out of sight', () => {
    const apiKey = apiKeyOf({ models: [{ name: 'm', endpoint: 'https://example.com', api_key: 'c4n4ry' }] });
    expect(apiKey.models[0]?.apiKey?.reveal()).toBe('c4n4ry');
    expect(JSON.stringify(apiKey.models)).not.toContain('c4n4ry');
  });

  test('needs no key for the echo model', () => {
    expect(apiKeyOf().models[0]).not.toHaveProperty('apiKey');
  });
});
