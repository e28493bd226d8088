import type { JwkSet } from './parse-jwk.js';

/**
 * Versioned set of roots and keys. The current version encrypts, except for audiences with a recipient key. All
 * versions decrypt until they expire, except public keys.
 */
export interface KeyRing {
  /** Environment of the derived keys. The same root yields unrelated keys in a different environment. */
  readonly environment: string;
  /** Key ID (`kid`) of the root or key that encrypts. */
  readonly current: string;
  /** Key IDs of all other roots and keys: previous and pending versions, and recipient keys. */
  readonly previous: readonly string[];
  /**
   * Maximum lifetime of a token in seconds. A replaced key decrypts for at least this long. `Infinity` for
   * `createKeyRing()`.
   */
  readonly maxTokenLifetimeSeconds: number;

  /**
   * Export the access keys of one audience as a JWK Set, for its resource server. The keys cannot decrypt refresh
   * tokens or tokens for other audiences. Underived previous keys are omitted, because they decrypt the tokens of
   * every audience. The set is secret: transfer it like a password.
   *
   * @throws TypeError if the current key is not a root.
   * @example
   * const jwks = keyRing.exportAccessKeys('https://api.example.com');
   */
  exportAccessKeys(audience: string): JwkSet;

  /** Export the public keys of all key pairs as a JWK Set, for issuers that encrypt to them. Contains no secrets. */
  exportPublicKeys(): JwkSet;
}
