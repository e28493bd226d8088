import { createSecretKey } from 'node:crypto';
import type { DirectKey } from '../../src/keys/content-key.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { forgeToken } from './forge-token.js';
import { claimsOf } from './tokens.js';

/**
 * A token that a resource server makes by the access key that it was handed for its audience: whatever it likes, under
 * the key that encrypts genuine tokens too.
 */
export function forgeByExport(ring: KeyRing, audience: string, claims: Record<string, unknown> = {}): string {
  return forgeToken(exportedKey(ring, audience), {
    plaintext: JSON.stringify(claimsOf({ aud: audience, ...claims })),
  });
}

/** The key that a resource server has of an exported ring. */
export function exportedKey(ring: KeyRing, audience: string): DirectKey {
  const [jwk] = ring.exportAccessKeys(audience).keys;
  return {
    kid: String(jwk?.['kid']),
    alg: 'dir',
    enc: 'A256GCM',
    purpose: 'access',
    audience,
    encrypts: true,
    secret: createSecretKey(Buffer.from(String(jwk?.['k']), 'base64url')),
  };
}
