import type { KeyObject } from 'node:crypto';
import type { ContentKey, KeyPurpose } from './content-key.js';
import type { KeyRing } from './key-ring.js';
import type { ForeignKid } from './kid-recognizer.js';

/** Key ring operations for issuers and verifiers. Not accessible to applications. */
export interface KeyRingInternals {
  /**
   * Derive the keys for a purpose and audience in advance. Call it for every accepted audience, so that no token
   * triggers a derivation. Idempotent.
   */
  prepare(purpose: KeyPurpose, audience: string): void;

  /**
   * Return the encryption key for a purpose and audience. For access tokens, a recipient key of the audience takes
   * precedence.
   *
   * @throws TypeError if the current key only decrypts, is for a different audience, or is not a root and the purpose
   *   is `refresh`.
   */
  encryptionKey(purpose: KeyPurpose, audience: string): ContentKey;

  /**
   * Count one message encrypted under a key, if usage is counted.
   *
   * @returns a promise to await, or `undefined` if the message is already counted.
   * @throws TemporarilyUnavailableError (as rejection) if the key has reached its limit, or the store is unavailable.
   */
  claimUse(key: ContentKey): Promise<void> | undefined;

  /** Return the prepared or underived key with this key ID, or `undefined` if there is none. */
  decryptionKey(kid: string): ContentKey | undefined;

  /** Whether a root or key of the ring has the same symmetric secret, under any `kid`. */
  hasSecret(secret: KeyObject): boolean;

  /**
   * Recognize an unknown `kid` that the roots of this ring yield in another environment, for another audience or for
   * another `enc`. For the reason of a rejection only. Cheap: the key IDs are derived once.
   */
  recognizeKid(kid: string): ForeignKid | undefined;

  /**
   * Reload the keys to find an unknown `kid`. These reloads are rate-limited.
   *
   * @returns whether the keys changed. If so, look up the key again.
   * @throws TemporarilyUnavailableError (as rejection) if the source, which may contain the key, is unavailable.
   */
  reloadForUnknownKey(): Promise<boolean>;

  /**
   * Return the keys of DPoP nonces, one derived from each root, the current root first. Empty if the ring has no root.
   *
   * @see RFC 9449 §8
   */
  nonceKeys(): readonly KeyObject[];

  /**
   * Whether access tokens for an audience require a nested JWS. True if they may be encrypted to a public key, because
   * anyone can encrypt to it.
   */
  needsSignature(audience: string): boolean;
}

const bound = new WeakMap<object, KeyRingInternals>();

/** Bind internals to a key ring at construction. */
export function bindInternals(keyRing: KeyRing, internals: KeyRingInternals): void {
  bound.set(keyRing, internals);
}

/**
 * Return the internals of a key ring. Call it once at construction, not for each token.
 *
 * @param where function that takes the key ring, for the error message.
 * @throws TypeError if the object was not created by `createKeyRing()` or `openKeyRing()`, for example if it is a
 *   copy.
 */
export function internalsOf(keyRing: KeyRing | undefined, where = 'internalsOf'): KeyRingInternals {
  const internals = keyRing === undefined ? undefined : bound.get(keyRing);
  if (internals === undefined)
    throw new TypeError(`${where}: keyRing must be a KeyRing: pass await createKeyRing(...)`);
  return internals;
}
