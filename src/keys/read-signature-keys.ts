import { assertObject } from '../base/options.js';
import type { Jwk, JwkSet } from './jwk.js';
import { inContext, type JwkLocation, parseJsonObject, readKeyText } from './read-key-text.js';

/**
 * Reads the signature keys of a location, at least one. Encryption keys of a JWK Set are skipped, because an issuer
 * publishes both in one set (RFC 8414 §2).
 *
 * @throws TypeError (as rejection) if there is no key, or `parse` rejects one.
 * @throws Error (as rejection) if a file cannot be read.
 */
export async function readSignatureKeys<Key>(
  location: JwkLocation,
  parse: (jwk: Jwk) => Key,
): Promise<readonly [Key, ...Key[]]> {
  assertObject(location, 'A key such as { file: "signing.jwk" }');
  if ('jwk' in location) return [parse(location.jwk)];
  if ('jwks' in location) return parseSet(location.jwks, parse);
  if (!('env' in location || 'file' in location)) {
    throw new TypeError('A signature key must have one of: jwk, jwks, env, file');
  }
  const { text, place } = await readKeyText(location);
  return inContext(place, () => {
    if (!text.startsWith('{')) throw new TypeError('must hold a JWK or a JWK Set');
    const parsed = parseJsonObject(text);
    return Array.isArray(parsed['keys']) ? parseSet({ keys: parsed['keys'] }, parse) : [parse(parsed)];
  });
}

function parseSet<Key>({ keys }: JwkSet, parse: (jwk: Jwk) => Key): readonly [Key, ...Key[]] {
  if (!Array.isArray(keys)) throw new TypeError('keys of a JWK Set must be an array');
  const [first, ...rest] = keys.flatMap((jwk, index) =>
    jwk?.use === 'enc' ? [] : [inContext(`Key ${index} of the JWK Set`, () => parse(jwk))],
  );
  if (first === undefined) throw new TypeError('A JWK Set must hold at least one signature key');
  return [first, ...rest];
}
