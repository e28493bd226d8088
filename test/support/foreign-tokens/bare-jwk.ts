import type { Jwk } from '../../../src/keys/jwk.js';

const KEY_MEMBERS = /^(kty|k|crv|x|y|d|n|e|p|q|dp|dq|qi)$/;

/** The members of a JWK that are the key, since libraries read `alg`, `use` and `key_ops` in different ways. */
export function bareJwk(jwk: Jwk): Jwk {
  return Object.fromEntries(Object.entries(jwk).filter(([name]) => KEY_MEMBERS.test(name)));
}
