import { isNumericDate, type NumericDate } from '../base/clock.js';

/** A JSON Web Key as parsed from JSON (RFC 7517 section 4). */
export type Jwk = Readonly<Record<string, unknown>>;

/** A JWK Set as parsed from JSON (RFC 7517 section 5). */
export interface JwkSet {
  readonly keys: readonly Jwk[];
}

const KID = /^[A-Za-z0-9._~:-]{1,128}$/;

/** @throws TypeError for a `kid` that is no string of 1 to 128 unreserved characters. */
export function assertKid(kid: unknown): asserts kid is string {
  if (typeof kid !== 'string' || !KID.test(kid)) {
    throw new TypeError('kid must be 1 to 128 characters out of A-Z a-z 0-9 . _ ~ : -');
  }
}

/** @throws TypeError for a JWK without a `kid`, or with a malformed one. */
export function readKid(jwk: Jwk): string {
  const { kid } = jwk;
  if (kid === undefined) throw new TypeError('A JWK needs a kid: tokens name their key by it');
  assertKid(kid);
  return kid;
}

/** @throws TypeError for a JWK of another issuer whose `kid` is no string of 1 to 256 visible ASCII characters. */
export function readForeignKid({ kid }: Jwk): string {
  if (typeof kid === 'string' && /^[!-~]{1,256}$/.test(kid)) return kid;
  throw new TypeError('kid of a verification key must be 1 to 256 visible ASCII characters');
}

/**
 * What a JWK allows among the operations that its algorithm has; all of them where it has no `key_ops`.
 * @throws TypeError for a `use` or `key_ops` that is for something else (RFC 7517 sections 4.2 and 4.3).
 */
export function readOperations(
  jwk: Jwk,
  use: 'enc' | 'sig',
  operations: readonly string[],
): readonly string[] {
  if (jwk['use'] !== undefined && jwk['use'] !== use) throw new TypeError(`use of this JWK must be ${use}`);
  const allowed = jwk['key_ops'];
  if (allowed === undefined) return operations;
  if (!Array.isArray(allowed)) throw new TypeError('key_ops of a JWK must be an array');
  const isKnown = allowed.every((operation) => operations.includes(operation));
  if (!isKnown || new Set(allowed).size !== allowed.length) {
    throw new TypeError(`key_ops of this JWK must be out of ${operations.join(', ')}, none of them twice`);
  }
  return allowed;
}

/** `aud`, a member of our own: such a key is good for one audience, also where a server has several. */
export function readAudience({ aud }: Jwk): { audience?: string } {
  if (aud === undefined) return {};
  if (typeof aud !== 'string' || aud === '') throw new TypeError('aud of a JWK must be one audience');
  return { audience: aud };
}

/** From when on a key encrypts, and from when on it decrypts nothing any more. */
export interface Period {
  readonly notBefore?: NumericDate;
  readonly notAfter?: NumericDate;
}

/** `nbf` and `exp` of a JWK, as OpenID Federation registered them. */
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
    throw new TypeError(`${name} of a JWK must be a NumericDate`);
}
