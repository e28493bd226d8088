import { type Clock, systemClock } from '../base/clock.js';
import { awaitInContext, inContext } from '../base/in-context.js';
import type { DecryptionKey } from './decryption-key.js';
import { assertDecryptionKeyLocation, type DecryptionKeyLocation } from './decryption-key-location.js';
import type { DecryptionKeys } from './decryption-keys-contract.js';
import { assembleDecryptionKeys, assertDistinctKeys } from './decryption-keys-internals.js';
import { type LocatedDecryptionKeys, loadDecryptionKeySource } from './load-decryption-key-source.js';
import { readDecryptionKeys } from './read-decryption-keys.js';

export type { DecryptionKeys } from './decryption-keys-contract.js';

/**
 * Read the keys that decrypt tokens of a trusted issuer. The keys are private (RSA, EC with P-256, P-384 or P-521,
 * X25519) or symmetric.
 *
 * A symmetric key must be shared with one issuer only. Anyone can encrypt to a public key, so these tokens also need a
 * nested JWS.
 *
 * @param location one location, or an array for a rotation: the first key is current, the others are previous.
 * @throws TypeError (as rejection) if a key is missing, public, weak or malformed, a passphrase is missing or wrong, or
 *   two keys share a `kid`.
 * @throws Error (as rejection) if a file or source cannot be read, or other users can read the file.
 * @example
 * const decryption = await createDecryptionKeys([
 *   { file: 'api-2027.pem', passphrase, alg: 'RSA-OAEP-256' },
 *   { file: 'api-2026.jwk', notAfter: Date.parse('2027-03-31T00:00:00Z') / 1000 },
 * ]);
 * app.use(publicKeysEndpoint(decryption));
 */
export async function createDecryptionKeys(
  location: DecryptionKeyLocation | readonly DecryptionKeyLocation[],
): Promise<DecryptionKeys> {
  const locations = isList(location) ? location : [location];
  if (locations.length === 0)
    throw new TypeError('createDecryptionKeys: the array must have at least one key location: add one');
  locations.forEach(assertDecryptionKeyLocation);
  const located = await Promise.all(
    locations.map((each, index) =>
      awaitInContext(`createDecryptionKeys${isList(location) ? `: [${index}]` : ''}`, () => locate(each)),
    ),
  );
  inContext('createDecryptionKeys', () => assertDistinctKeys(located.flatMap(({ keys }) => keys)));
  const [clock = systemClock] = locations.flatMap((each) => ('clock' in each ? (each.clock ?? []) : []));
  return combine(located, clock);
}

function isList(
  location: DecryptionKeyLocation | readonly DecryptionKeyLocation[],
): location is readonly DecryptionKeyLocation[] {
  return Array.isArray(location);
}

async function locate(location: DecryptionKeyLocation): Promise<LocatedDecryptionKeys> {
  if ('source' in location) return loadDecryptionKeySource(location);
  const keys = await readDecryptionKeys(location);
  return { keys, reloadForUnknownKey: async () => {}, follow: () => {}, close: async () => {} };
}

function combine(located: readonly LocatedDecryptionKeys[], clock: Clock): DecryptionKeys {
  let keys = join(located);
  for (const each of located) {
    each.follow(() => {
      keys = join(located);
    });
  }
  return assembleDecryptionKeys({
    get keys() {
      return keys;
    },
    clock,
    async reloadForUnknownKey() {
      const before = keys;
      await Promise.all(located.map((each) => each.reloadForUnknownKey()));
      return keys !== before;
    },
    async close() {
      await Promise.all(located.map((each) => each.close()));
    },
  });
}

/** List the keys of all locations. If a reload repeats a `kid`, the first location takes precedence. */
function join(located: readonly LocatedDecryptionKeys[]): readonly DecryptionKey[] {
  const keys = located.flatMap((each) => each.keys);
  const first = new Map(keys.toReversed().map((key) => [key.kid, key]));
  return Object.freeze(keys.filter((key) => first.get(key.kid) === key));
}
