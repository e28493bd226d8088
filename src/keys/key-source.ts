import type { JwkSet } from './parse-jwk.js';

/**
 * Where the versions of a key ring are kept: a file, a secret store, a key management service. The set holds a version
 * a key: a root (`key_ops: ["deriveKey"]`) or a key that is used underived, each with `kid`, `iat` (made), `nbf` (from
 * when on it encrypts; until then it is pending) and `exp` (from when on it decrypts nothing), all in seconds since
 * 1970; the youngest one has no `exp`. An implementation answers within seconds or fails: whoever asks waits.
 */
export interface KeySource {
  /** What events and messages call it, such as the path of a file; never a secret. */
  readonly name: string;
  /**
   * The versions as they are now.
   * @throws whatever says why they cannot be had (as rejection). No message holds a key or a credential.
   */
  load(): Promise<JwkSet>;
  /**
   * Calls back whenever the versions may have changed, where the source can tell; they are then loaded again. Default:
   * they are loaded at intervals alone.
   * @returns what ends it.
   */
  watch?(onChange: () => void): () => void;
  /**
   * Puts `next` in the place of `previous` in one step that is either done and durable or not done at all. Default: the
   * source is read-only, and rotation happens where it is written.
   * @returns `false`, and nothing is written, where it holds something else than `previous` by now.
   */
  replace?(previous: JwkSet, next: JwkSet): Promise<boolean>;
  /** Lets go of connections, leases and timers. Default: there is nothing to let go of. */
  close?(): void | Promise<void>;
}
