import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { ApiKey } from '../../src/api-keys/api-key.js';
import {
  type ClientCredentials,
  createApiKeyRegistry,
  digestSecret,
} from '../../src/api-keys/api-key-registry.js';
import { generateApiKey } from '../../src/api-keys/generate-api-key.js';
import { InvalidClientError } from '../../src/base/token-endpoint-errors.js';
import { apiKeyOf } from '../support/api-key-files.js';
import { thrownBy } from '../support/caught.js';
import { NOW } from '../support/tokens.js';

const ACTIVE = apiKeyOf({ key_id: 'active' });
const INACTIVE = apiKeyOf({ key_id: 'inactive', active: 'false' });
const INACTIVE_AND_EXPIRED = apiKeyOf({
  key_id: 'both',
  active: 'false',
  expires_at: '2020-01-01T00:00:00Z',
});
const EXPIRING = apiKeyOf({ key_id: 'expiring', expires_at: '2030-01-01T00:00:00Z' });

const ROTATING = apiKeyOf({ key_id: 'rotating' });

/** A generated key, and the same with another last character. */
const GENERATED = generateApiKey();
const MISTYPED = GENERATED.slice(0, -1) + (GENERATED.endsWith('x') ? 'y' : 'x');

const register = (apiKey: ApiKey) => ({ apiKey, digest: digestSecret(`secret of ${apiKey.keyId}`) });
const previous = { digest: digestSecret('previous secret'), expiresAt: NOW + 60 };
const registry = createApiKeyRegistry([
  ...[ACTIVE, INACTIVE, INACTIVE_AND_EXPIRED, EXPIRING].map(register),
  { ...register(ROTATING), previous },
]);

function refusalOf(credentials: ClientCredentials, now = NOW): InvalidClientError {
  const error = thrownBy(() => registry.authenticate(credentials, now));
  if (!(error instanceof InvalidClientError)) throw error;
  return error;
}

describe('authenticate', () => {
  test('finds the key by its secret', () => {
    expect(registry.authenticate({ secret: 'secret of active' }, NOW)).toBe(ACTIVE);
  });

  test('finds it by its secret and its public name', () => {
    expect(registry.authenticate({ secret: 'secret of active', keyId: 'active' }, NOW)).toBe(ACTIVE);
  });

  test('finds an expiring key until its last second, in which no token of it would live', () => {
    expect(registry.authenticate({ secret: 'secret of expiring' }, NOW - 1)).toBe(EXPIRING);
    expect(refusalOf({ secret: 'secret of expiring' }, NOW - 0.999).reason).toBe('expired');
  });

  test('finds the key by its previous secret until that expires, and reports it', () => {
    expect(registry.authenticate({ secret: 'secret of rotating' }, NOW)).toBe(ROTATING);
    expect(registry.authenticate({ secret: 'previous secret' }, NOW + 59.999)).toEqual({
      ...ROTATING,
      viaPreviousKey: true,
    });
    expect(refusalOf({ secret: 'previous secret' }, NOW + 60).reason).toBe('previous_key_expired');
  });

  test('rejects a mistyped key before the lookup, even if it is configured', () => {
    const odd = createApiKeyRegistry([{ apiKey: ACTIVE, digest: digestSecret(MISTYPED) }]);
    expect(thrownBy(() => odd.authenticate({ secret: MISTYPED }, NOW))).toMatchObject({
      reason: 'malformed_key',
    });
  });

  const REFUSED: readonly (readonly [string, ClientCredentials])[] = [
    ['malformed_key', { secret: MISTYPED }],
    ['malformed_key', { secret: MISTYPED, keyId: 'active' }],
    ['unknown_key', { secret: GENERATED }],
    ['key_id_mismatch', { secret: 'previous secret', keyId: 'active' }],
    ['unknown_key', { secret: 'wrong' }],
    ['unknown_key', { secret: '' }],
    ['unknown_key', { secret: 'Secret of active' }],
    ['unknown_key', { secret: 'secret of active ' }],
    ['unknown_key', { secret: 'wrong', keyId: 'active' }],
    ['unknown_key', { secret: 'active', keyId: 'active' }],
    ['unknown_key', { secret: digestSecret('secret of active').toString('hex') }],
    ['key_id_mismatch', { secret: 'secret of active', keyId: 'expiring' }],
    ['key_id_mismatch', { secret: 'secret of active', keyId: 'Active' }],
    ['key_id_mismatch', { secret: 'secret of active', keyId: '' }],
    ['key_id_mismatch', { secret: 'secret of inactive', keyId: 'active' }],
    ['inactive', { secret: 'secret of inactive' }],
    ['inactive', { secret: 'secret of both' }],
    ['expired', { secret: 'secret of expiring' }],
  ];

  test.each(REFUSED)('rejects as %s: %j', (reason, credentials) => {
    expect(refusalOf(credentials).reason).toBe(reason);
  });

  test('all rejections look the same on the wire', () => {
    const answers = REFUSED.map(([, credentials]) => {
      const { message, error, status, code, headers } = refusalOf(credentials);
      return JSON.stringify({ message, error, status, code, headers });
    });
    expect([...new Set(answers)]).toEqual([
      JSON.stringify({
        message: 'Client authentication failed',
        error: 'invalid_client',
        status: 401,
        code: 'ERR_INVALID_CLIENT',
        headers: {},
      }),
    ]);
  });
});

describe('get', () => {
  test.each([
    ['active', ACTIVE],
    ['inactive', INACTIVE],
    ['Active', undefined],
    ['constructor', undefined],
    ['', undefined],
  ])('finds by the public name %j', (keyId, apiKey) => {
    expect(registry.get(keyId)).toBe(apiKey);
  });
});

describe('apiKeys', () => {
  test('are all keys in order, and are frozen', () => {
    expect(registry.apiKeys).toEqual([ACTIVE, INACTIVE, INACTIVE_AND_EXPIRED, EXPIRING, ROTATING]);
    expect(Object.isFrozen(registry.apiKeys)).toBe(true);
    expect(Object.isFrozen(registry)).toBe(true);
  });
});

describe('digestSecret', () => {
  test('is SHA-256 of the UTF-8 text', () => {
    expect(digestSecret('abc').toString('hex')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    expect(digestSecret('é')).toEqual(
      createHash('sha256')
        .update(Buffer.from([0xc3, 0xa9]))
        .digest(),
    );
  });
});
