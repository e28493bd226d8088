import { isDeepStrictEqual } from 'node:util';
import type { JwkSet } from '../parse-jwk.js';
import { parseKeyText } from '../read-key-spec.js';

/** Whether two sets are the same JSON; the order of members does not count, that of keys does. */
export function isSameKeySet(one: JwkSet, other: JwkSet): boolean {
  return isDeepStrictEqual(asJson(one), asJson(other));
}

/**
 * A set as it is written to a source.
 * @throws TypeError for one that could not be read back.
 */
export function formatKeySet(jwks: JwkSet): string {
  const text = `${JSON.stringify(jwks, undefined, 2)}\n`;
  parseKeyText(text, 'What is to be written');
  return text;
}

function asJson(jwks: JwkSet): unknown {
  return JSON.parse(JSON.stringify(jwks));
}
