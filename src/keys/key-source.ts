import type { JwkSet } from './parse-jwk.js';

/**
 * Storage for the key versions of a key ring, for example a file, a secret store or a key management service.
 *
 * Each key of the set is one version: a root (`key_ops: ["deriveKey"]`), or a key that is used as is. Its members are
 * `kid`, `iat` (creation time), `nbf` (start of encryption; pending until then) and `exp` (end of decryption). Times
 * are in seconds since 1970. The newest version has no `exp`.
 *
 * Implementations must respond or fail within seconds, because callers wait for them.
 *
 * @example
 * const source: KeySource = {
 *   name: 'aws-secrets-manager: jwe-keys',
 *   load: async () => JSON.parse(await readSecret('jwe-keys')),
 * };
 */
export interface KeySource {
  /** Name of the source in audit events and error messages, for example a file path. Must not contain a secret. */
  readonly name: string;
  /**
   * Load the key versions.
   *
   * @throws Error (as rejection) with the reason if they are unavailable. The message must not contain keys or
   *   credentials.
   */
  load(): Promise<JwkSet>;
  /**
   * Call `onChange` when the versions may have changed. The key ring then reloads them.
   *
   * @default undefined (versions are reloaded at intervals only)
   * @returns a function that stops watching.
   */
  watch?(onChange: () => void): () => void;
  /**
   * Replace `previous` with `next` atomically and durably (compare and swap).
   *
   * @default undefined (the source is read-only, and a different program rotates keys)
   * @returns `false`, without writing, if the source no longer contains `previous`.
   */
  replace?(previous: JwkSet, next: JwkSet): Promise<boolean>;
  /**
   * Release connections, leases and timers.
   *
   * @default undefined (nothing to release)
   */
  close?(): void | Promise<void>;
}
