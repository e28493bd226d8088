import type { ContentKey, KeyPurpose } from './content-key.js';
import type { KeyRing } from './key-ring.js';

/** The part of a key ring that issuers and verifiers use. Applications cannot reach it. */
export interface KeyRingInternals {
  /**
   * Makes the keys of a purpose and audience known to `decryptionKey`. Called for what an application
   * accepts, so that no token makes the ring derive anything. Idempotent.
   */
  prepare(purpose: KeyPurpose, audience: string): void;

  /**
   * The key that encrypts tokens of a purpose for an audience: of access tokens that of the recipient, where the
   * audience has one.
   * @throws TypeError where the current key cannot: it only decrypts, it is for another audience, or it is no root
   *   and the purpose is `refresh`.
   */
  encryptionKey(purpose: KeyPurpose, audience: string): ContentKey;

  /**
   * Counts one message under a key, where use is counted; `undefined` where nobody has to wait.
   * @throws TemporarilyUnavailableError (as rejection) where the key has encrypted all that it may, or where that is
   *   not known.
   */
  claimUse(key: ContentKey): Promise<void> | undefined;

  /** The one key of that name among the prepared ones and those that were given underived. */
  decryptionKey(kid: string): ContentKey | undefined;

  /**
   * Looks whether there are new keys, because a token names one that is not known here; so many times as its source can
   * bear, and otherwise not.
   * @returns whether there may be: the token is worth another look.
   * @throws TemporarilyUnavailableError (as rejection) where the source is out of reach: the key may be one of its.
   */
  reloadForUnknownKey(): Promise<boolean>;

  /**
   * Whether access tokens for an audience are, or may be, encrypted to a public key. Anyone can do that, so that only
   * a nested JWS tells who wrote them.
   */
  needsSignature(audience: string): boolean;
}

const bound = new WeakMap<object, KeyRingInternals>();

/** Binds its internals to a key ring, once, when it is built. */
export function bindInternals(keyRing: KeyRing, internals: KeyRingInternals): void {
  bound.set(keyRing, internals);
}

/**
 * The internals of a key ring. Resolve them once at construction, not for each token.
 * @throws TypeError for an object that neither `createKeyRing()` nor `openKeyRing()` returned, such as a copy.
 */
export function internalsOf(keyRing: KeyRing): KeyRingInternals {
  const internals = bound.get(keyRing);
  if (internals === undefined) throw new TypeError('keyRing must be a KeyRing: await createKeyRing(...)');
  return internals;
}
