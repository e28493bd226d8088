import { isNumericDate, type NumericDate } from '../base/clock.js';

/** A JSON Web Key as parsed from JSON (RFC 7517 §4). */
export type Jwk = Readonly<Record<string, unknown>>;

/** A JWK Set as parsed from JSON (RFC 7517 §5). */
export interface JwkSet {
  /** Keys of the set (RFC 7517 §5.1). */
  readonly keys: readonly Jwk[];
}

/** Message for a JWK Set without keys. */
export const NO_KEYS = 'the JWK Set must have an array "keys" with at least one JWK: add a JWK';

/** Message for a JWK that is not an object. */
export const NO_JWK = 'the JWK must be a JSON object, for example { "kty": "oct", "kid": "2026-01", ... }';

const KID = /^[A-Za-z0-9._~:-]{1,128}$/;

/**
 * Assert that a `kid` is well-formed.
 *
 * @throws TypeError if `kid` is not a string of 1 to 128 allowed characters.
 */
export function assertKid(kid: unknown): asserts kid is string {
  if (typeof kid !== 'string' || !KID.test(kid)) {
    throw new TypeError(
      'kid must be a string of 1 to 128 characters from A-Z a-z 0-9 . _ ~ : -, for example "2026-01"',
    );
  }
}

/**
 * Read the `kid` of a JWK.
 *
 * @throws TypeError if `kid` is missing or malformed.
 */
export function readKid(jwk: Jwk): string {
  const { kid } = jwk;
  if (kid === undefined)
    throw new TypeError('kid is required: add a unique key ID to the JWK, for example "2026-01"');
  assertKid(kid);
  return kid;
}

/**
 * Read the `kid` of a different issuer's JWK. Allows more characters than `readKid`.
 *
 * @throws TypeError if `kid` is not a string of 1 to 256 visible ASCII characters.
 */
export function readForeignKid({ kid }: Jwk): string {
  if (typeof kid === 'string' && /^[!-~]{1,256}$/.test(kid)) return kid;
  throw new TypeError(
    'kid must be a string of 1 to 256 visible ASCII characters: add the key ID of the issuer, for example "2026-01"',
  );
}

/**
 * Read the operations that `key_ops` of a JWK allows (RFC 7517 §4.2, §4.3). Without `key_ops`, all operations of its
 * algorithm are allowed.
 *
 * @param operations the operations of the algorithm.
 * @throws TypeError if `use` or `key_ops` is malformed or for a different purpose.
 */
export function readOperations(
  jwk: Jwk,
  use: 'enc' | 'sig',
  operations: readonly string[],
): readonly string[] {
  if (jwk['use'] !== undefined && jwk['use'] !== use)
    throw new TypeError(`use must be "${use}": pass a key for this purpose, or remove use from the JWK`);
  const allowed = jwk['key_ops'];
  if (allowed === undefined) return operations;
  if (!Array.isArray(allowed))
    throw new TypeError(
      `key_ops must be an array of operations from ${operations.join(', ')}: correct it, or remove key_ops`,
    );
  const isKnown = allowed.every((operation) => operations.includes(operation));
  if (!isKnown || new Set(allowed).size !== allowed.length) {
    throw new TypeError(
      `key_ops may contain only ${operations.join(', ')}, each once: remove other and repeated operations, or remove key_ops`,
    );
  }
  return allowed;
}

/** Read `aud`, a private member that restricts the key to one audience. */
export function readAudience({ aud }: Jwk): { audience?: string } {
  if (aud === undefined) return {};
  if (typeof aud !== 'string' || aud === '')
    throw new TypeError(
      'aud must be a non-empty string with one audience, for example "https://api.example.com"',
    );
  return { audience: aud };
}

/** Validity period of a key. It encrypts from `notBefore`, and decrypts until `notAfter`. */
export interface Period {
  readonly notBefore?: NumericDate;
  readonly notAfter?: NumericDate;
}

/** Read the validity period from `nbf` and `exp` of a JWK, as registered by OpenID Federation. */
export function readPeriod({ nbf, exp }: Jwk): Period {
  assertOptionalDate(nbf, 'nbf');
  assertOptionalDate(exp, 'exp');
  return {
    ...(nbf === undefined ? {} : { notBefore: nbf }),
    ...(exp === undefined ? {} : { notAfter: exp }),
  };
}

function assertOptionalDate(value: unknown, name: string): asserts value is NumericDate | undefined {
  if (value !== undefined && !isNumericDate(value))
    throw new TypeError(
      `${name} must be a NumericDate in seconds since 1970, not milliseconds, for example 1798761600`,
    );
}
