import { assertObject } from '../base/options.js';
import type { Jwk, JwkSet } from './jwk.js';
import { inContext, type JwkLocation, parseJsonObject, readKeyText } from './read-key-text.js';

/**
 * Reads each JWK of a location, never none. In a set those for encryption are left out: an issuer publishes both kinds
 * in one (RFC 8414 section 2).
 * @throws TypeError (as rejection) where they are missing, or one of them is not what `parse` takes; what the file
 *   system says of a file.
 */
export async function readSignatureKeys<Key>(
  location: JwkLocation,
  parse: (jwk: Jwk) => Key,
): Promise<readonly [Key, ...Key[]]> {
  assertObject(location, 'A key, as { file: PATH },');
  if ('jwk' in location) return [parse(location.jwk)];
  if ('jwks' in location) return parseSet(location.jwks, parse);
  if (!('env' in location || 'file' in location)) {
    throw new TypeError('A key for signatures needs one of: jwk, jwks, env, file');
  }
  const { text, place } = await readKeyText(location);
  return inContext(place, () => {
    if (!text.startsWith('{')) throw new TypeError('must hold a JWK or a JWK Set');
    const parsed = parseJsonObject(text);
    return Array.isArray(parsed['keys']) ? parseSet({ keys: parsed['keys'] }, parse) : [parse(parsed)];
  });
}

function parseSet<Key>({ keys }: JwkSet, parse: (jwk: Jwk) => Key): readonly [Key, ...Key[]] {
  if (!Array.isArray(keys)) throw new TypeError('A JWK Set must hold keys');
  const [first, ...rest] = keys.flatMap((jwk, index) =>
    jwk?.use === 'enc' ? [] : [inContext(`Key ${index} of the JWK Set`, () => parse(jwk))],
  );
  if (first === undefined) throw new TypeError('A JWK Set must hold at least one key for signatures');
  return [first, ...rest];
}
