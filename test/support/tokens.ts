import type { Clock, NumericDate } from '../../src/base/clock.js';
import type { JsonObject } from '../../src/base/json.js';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { encryptToken } from '../../src/token/encrypt-token.js';

export const ISSUER = 'https://auth.example.com';
export const AUDIENCE = 'https://api.example.com';

/** 2030-01-01T00:00:00Z, when all tests take place unless they move the clock. */
export const NOW: NumericDate = 1_893_456_000;

export const clock: Clock = () => NOW;

/** 32 bytes that differ, from a seed, so that rings of tests are the same in every run. */
export function secretOf(seed: number): Buffer {
  return Buffer.from(Array.from({ length: 32 }, (_, index) => (seed * 31 + index * 7) % 256));
}

export function createRing(seed = 1): Promise<KeyRing> {
  return createKeyRing({ current: { secret: secretOf(seed) } });
}

/** A valid claims set of a key that may execute models; `overrides` replaces claims, `undefined` removes them. */
export function claimsOf(overrides: Record<string, unknown> = {}): JsonObject {
  const claims = {
    iss: ISSUER,
    sub: 'demo',
    aud: AUDIENCE,
    exp: NOW + 600,
    nbf: NOW,
    iat: NOW,
    jti: '7b0c2f0e-5a53-4c1f-9d4e-3f6f0a4b1c2d',
    client_id: 'demo',
    scope: 'read:documents write:documents',
    permissions: ['read:documents', 'write:documents'],
    type: 'tiered_model_exec',
    api_key_name: 'Demo key',
    metadata: { tier: 'enterprise' },
    allowed_models: ['echo-1'],
    rate_limits: {
      requests_per_minute: 60,
      tokens_per_minute: 10_000,
      requests_per_hour: 1000,
      concurrent_requests: 5,
    },
    ...overrides,
  };
  return JSON.parse(JSON.stringify(claims));
}

export interface MintOptions {
  readonly claims?: Record<string, unknown>;
  readonly typ?: string;
  readonly header?: JsonObject;
}

/** A token under the access key of a ring for `AUDIENCE`. */
export function mintToken(
  ring: KeyRing,
  { claims = {}, typ = 'at+jwt', header = {} }: MintOptions = {},
): string {
  return encryptToken(claimsOf(claims), internalsOf(ring).encryptionKey('access', AUDIENCE), { typ, header });
}
