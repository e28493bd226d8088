import type { JwkSet } from './jwk.js';

/** Keys that decrypt tokens of one trusted issuer. The keys themselves are not accessible to applications. */
export interface DecryptionKeys {
  /**
   * Export the public keys of all key pairs that have not expired as a JWK Set, for the issuer that encrypts to them.
   * Contains no secrets.
   *
   * @example
   * app.use(publicKeysEndpoint(decryption)); // GET /.well-known/jwks.json
   */
  exportPublicKeys(): JwkSet;
  /** Stop reloading, and close the sources. Does nothing for fixed keys. */
  close(): Promise<void>;
}
