import { createSecretKey } from 'node:crypto';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { forgeToken } from './forge-token.js';
import { claimsOf } from './tokens.js';

/**
 * A token that a resource server makes by the access key that it was handed for its audience: whatever it likes, under
 * the key that encrypts genuine tokens too.
 */
export function forgeByExport(ring: KeyRing, audience: string, claims: Record<string, unknown> = {}): string {
  const [jwk] = ring.exportAccessKeys(audience).keys;
  const exported = {
    kid: String(jwk?.['kid']),
    alg: 'dir',
    enc: 'A256GCM',
    purpose: 'access',
    audience,
    encrypts: true,
    secret: createSecretKey(Buffer.from(String(jwk?.['k']), 'base64url')),
  } as const;
  return forgeToken(exported, { plaintext: JSON.stringify(claimsOf({ aud: audience, ...claims })) });
}
