import { createHash } from 'node:crypto';
import type { Jwk } from './jwk.js';

/** Required members of all key types, in lexicographic order (RFC 7638 §3.2, RFC 8037 §2). */
const MEMBERS: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['EC', ['crv', 'kty', 'x', 'y']],
  ['OKP', ['crv', 'kty', 'x']],
  ['RSA', ['e', 'kty', 'n']],
  ['oct', ['k', 'kty']],
]);

/**
 * Calculate the SHA-256 thumbprint of a JWK, in base64url. Both halves of a key pair have the same thumbprint.
 *
 * @throws TypeError if `kty` is not EC, OKP, RSA or oct.
 * @see RFC 7638 §3
 */
export function jwkThumbprint(jwk: Jwk): string {
  const members = MEMBERS.get(jwk['kty']);
  if (members === undefined) throw new TypeError('kty must be EC, OKP, RSA or oct: correct kty of the JWK');
  const required = Object.fromEntries(members.map((member) => [member, jwk[member]]));
  return createHash('sha256').update(JSON.stringify(required)).digest('base64url');
}
