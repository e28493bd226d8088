import type { ContentKey, KeyPurpose } from './content-key.js';
import type { KeyRing } from './key-ring.js';
import type { ForeignKid } from './kid-recognizer.js';

/** Operations of a key ring for issuers and verifiers, inaccessible to applications. */
export interface KeyRingInternals {
  /**
   * Derives the keys of a purpose and audience, for `decryptionKey`. Called for the audiences that an application
   * accepts, so that no token triggers a derivation. Idempotent.
   */
  prepare(purpose: KeyPurpose, audience: string): void;

  /**
   * Returns the key that encrypts tokens of a purpose for an audience. For access tokens, a recipient key of the
   * audience takes precedence.
   *
   * @throws TypeError if the current key only decrypts, is for another audience, or is not a root and the purpose is
   *   `refresh`.
   */
  encryptionKey(purpose: KeyPurpose, audience: string): ContentKey;

  /**
   * Counts one message of a key, if usage is counted. Returns `undefined` if the caller need not wait.
   *
   * @throws TemporarilyUnavailableError (as rejection) if the key has reached its limit, or the store is unavailable.
   */
  claimUse(key: ContentKey): Promise<void> | undefined;

  /** Returns the prepared or underived key with this key ID. */
  decryptionKey(kid: string): ContentKey | undefined;

  /**
   * Recognizes an unknown `kid` that the roots of this ring yield in another environment, for another audience or for
   * another `enc`. For the reason of a rejection only. Cheap: the key IDs are derived once.
   */
  recognizeKid(kid: string): ForeignKid | undefined;

  /**
   * Reloads the keys because a token names an unknown one. The rate of these reloads is limited.
   *
   * @returns whether the keys changed, so that the caller should look up the key again.
   * @throws TemporarilyUnavailableError (as rejection) if the source is unavailable, because it may hold the key.
   */
  reloadForUnknownKey(): Promise<boolean>;

  /**
   * Whether access tokens for an audience may be encrypted to a public key. Anyone can do that, so only a nested JWS
   * authenticates their issuer.
   */
  needsSignature(audience: string): boolean;
}

const bound = new WeakMap<object, KeyRingInternals>();

/** Binds internals to a key ring when it is constructed. */
export function bindInternals(keyRing: KeyRing, internals: KeyRingInternals): void {
  bound.set(keyRing, internals);
}

/**
 * Returns the internals of a key ring. Resolve them once at construction, not for each token.
 *
 * @throws TypeError if neither `createKeyRing()` nor `openKeyRing()` returned the object, for example if it is a copy.
 */
export function internalsOf(keyRing: KeyRing): KeyRingInternals {
  const internals = bound.get(keyRing);
  if (internals === undefined) throw new TypeError('keyRing must be a KeyRing: await createKeyRing(...)');
  return internals;
}
