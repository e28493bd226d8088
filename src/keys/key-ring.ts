import type { JwkSet } from './parse-jwk.js';

/** A set of roots and keys in versions. The current version encrypts; all versions decrypt. */
export interface KeyRing {
  /** Environment, an input of key derivation: in another environment, the same root yields unrelated keys. */
  readonly environment: string;
  /** Key ID (`kid`) of the root or key that encrypts. */
  readonly current: string;
  /** Key IDs of the other roots and keys, which only decrypt. */
  readonly previous: readonly string[];
  /** How long a key still decrypts after it was replaced, in seconds. */
  readonly maxTokenLifetimeSeconds: number;

  /**
   * Exports the access keys of one audience as a JWK Set, for the key ring of its resource server. They decrypt neither
   * tokens of other audiences nor refresh tokens. Underived previous keys are omitted, because they decrypt the tokens
   * of every audience. The set is secret: transfer it like a password.
   *
   * @throws TypeError if the current key is not a root.
   * @example
   * const jwks = keyRing.exportAccessKeys('https://api.example.com');
   */
  exportAccessKeys(audience: string): JwkSet;

  /** Exports the public keys of the key pairs that decrypt here, for issuers that encrypt to them. Holds no secret. */
  exportPublicKeys(): JwkSet;
}
