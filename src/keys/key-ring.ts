import type { JwkSet } from './parse-jwk.js';

/** Roots and keys in versions: the current one encrypts, all of them decrypt. */
export interface KeyRing {
  /** Enters the derivation of keys from roots: the same root yields unrelated keys in another environment. */
  readonly environment: string;
  /** `kid` of the root or key that encrypts. */
  readonly current: string;
  /** `kid`s of the other roots and keys, which only decrypt. */
  readonly previous: readonly string[];
  /** For so long a key goes on to decrypt after another one took its place, in seconds. */
  readonly maxTokenLifetimeSeconds: number;

  /**
   * The access keys of one audience as a JWK Set, for the key ring of that resource server: it opens no
   * other audience's tokens and no refresh token. Previous keys that were given underived are left out, since
   * they open the tokens of every audience. Secret: hand it over as you would a password.
   * @throws TypeError where the current key was given underived.
   */
  exportAccessKeys(audience: string): JwkSet;

  /** The public halves of the keys that decrypt here, for those who encrypt to them. No secret is among them. */
  exportPublicKeys(): JwkSet;
}
