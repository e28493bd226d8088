import { inContext } from '../base/in-context.js';
import { type Jwk, type JwkSet, NO_KEYS } from './jwk.js';
import { type JwkLocation, parseJsonObject, readKeyText } from './read-key-text.js';

/**
 * Read the signature keys from a location. Skip encryption keys of a JWK Set, because issuers publish both in one set
 * (RFC 8414 §2). Callers add the name of their function to error messages, with `awaitInContext()`.
 *
 * @returns at least one key.
 * @throws TypeError (as rejection) if there is no signature key, or `parse` rejects a key.
 * @throws Error (as rejection) if a file cannot be read.
 */
export async function readSignatureKeys<Key>(
  location: JwkLocation,
  parse: (jwk: Jwk) => Key,
): Promise<readonly [Key, ...Key[]]> {
  if (typeof location !== 'object' || location === null) throw new TypeError(NO_LOCATION);
  if ('jwk' in location) return [inContext('jwk', () => parse(location.jwk))];
  if ('jwks' in location) return inContext('jwks', () => parseSet(location.jwks, parse));
  if (!('env' in location || 'file' in location)) throw new TypeError(NO_LOCATION);
  const { text, place } = await readKeyText(location);
  return inContext(place, () => {
    if (!text.startsWith('{'))
      throw new TypeError('the text must be a JWK or a JWK Set in JSON: export the key as a JWK');
    const parsed = parseJsonObject(text);
    return Array.isArray(parsed['keys']) ? parseSet({ keys: parsed['keys'] }, parse) : [parse(parsed)];
  });
}

const NO_LOCATION =
  'the key location must be an object with jwk, jwks, env or file, for example { file: "signing.jwk" }';

function parseSet<Key>({ keys }: JwkSet, parse: (jwk: Jwk) => Key): readonly [Key, ...Key[]] {
  if (!Array.isArray(keys)) throw new TypeError(NO_KEYS);
  const [first, ...rest] = keys.flatMap((jwk, index) =>
    jwk?.use === 'enc' ? [] : [inContext(`keys[${index}]`, () => parse(jwk))],
  );
  if (first === undefined) throw new TypeError('the JWK Set has no signature key: add a JWK with use "sig"');
  return [first, ...rest];
}
