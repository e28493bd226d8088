import { isDeepStrictEqual } from 'node:util';
import type { JwkSet } from '../parse-jwk.js';
import { parseKeyText } from '../read-key-spec.js';

/** Whether two sets are equal as JSON. The order of keys matters, the order of members does not. */
export function isSameKeySet(one: JwkSet, other: JwkSet): boolean {
  return isDeepStrictEqual(asJson(one), asJson(other));
}

/**
 * Format a JWK Set as JSON for a key source.
 *
 * @throws TypeError if a key of the set is malformed or weak.
 */
export function formatKeySet(jwks: JwkSet): string {
  const text = `${JSON.stringify(jwks, undefined, 2)}\n`;
  parseKeyText(text, 'the new JWK Set');
  return text;
}

function asJson(jwks: JwkSet): unknown {
  return JSON.parse(JSON.stringify(jwks));
}
