import { assertObject } from '../base/options.js';
import type { Jwk, JwkSet } from './jwk.js';
import { inContext, type JwkLocation, parseJsonObject, readKeyText } from './read-key-text.js';

/**
 * Read the signature keys from a location. Skip encryption keys of a JWK Set, because issuers publish both in one set
 * (RFC 8414 §2).
 *
 * @returns at least one key.
 * @throws TypeError (as rejection) if there is no signature key, or `parse` rejects a key.
 * @throws Error (as rejection) if a file cannot be read.
 */
export async function readSignatureKeys<Key>(
  location: JwkLocation,
  parse: (jwk: Jwk) => Key,
): Promise<readonly [Key, ...Key[]]> {
  assertObject(location, 'Key location, for example { file: "signing.jwk" }');
  if ('jwk' in location) return [parse(location.jwk)];
  if ('jwks' in location) return parseSet(location.jwks, parse);
  if (!('env' in location || 'file' in location)) {
    throw new TypeError(
      'The location of a signature key must have jwk, jwks, env or file, for example { file: "signing.jwk" }',
    );
  }
  const { text, place } = await readKeyText(location);
  return inContext(place, () => {
    if (!text.startsWith('{')) throw new TypeError('expected a JWK or a JWK Set as JSON');
    const parsed = parseJsonObject(text);
    return Array.isArray(parsed['keys']) ? parseSet({ keys: parsed['keys'] }, parse) : [parse(parsed)];
  });
}

function parseSet<Key>({ keys }: JwkSet, parse: (jwk: Jwk) => Key): readonly [Key, ...Key[]] {
  if (!Array.isArray(keys)) throw new TypeError('A JWK Set must have an array "keys" with at least one JWK');
  const [first, ...rest] = keys.flatMap((jwk, index) =>
    jwk?.use === 'enc' ? [] : [inContext(`Key ${index} of the JWK Set`, () => parse(jwk))],
  );
  if (first === undefined) throw new TypeError('The JWK Set has no signature key: add a JWK with use "sig"');
  return [first, ...rest];
}
