import type { JwkSet } from './parse-jwk.js';

/**
 * Storage of the key versions of a key ring, such as a file, a secret store or a key management service.
 *
 * Each key of the set is one version: a root (`key_ops: ["deriveKey"]`) or a key that is used as is. Its members are
 * `kid`, `iat` (creation time), `nbf` (time from which it encrypts; pending before) and `exp` (time from which it no
 * longer decrypts). Times are in seconds since 1970. The newest version has no `exp`. An implementation must answer or
 * fail within seconds, because callers wait for it.
 *
 * @example
 * const source: KeySource = {
 *   name: 'aws-secrets-manager: jwe-keys',
 *   load: async () => JSON.parse(await readSecret('jwe-keys')),
 * };
 */
export interface KeySource {
  /** Name of the source in audit events and error messages, such as the path of a file. Never a secret. */
  readonly name: string;
  /**
   * Loads the versions.
   *
   * @throws Error (as rejection) with the reason if they are unavailable. The message must hold no key or credential.
   */
  load(): Promise<JwkSet>;
  /**
   * Calls `onChange` when the versions may have changed, so that they are reloaded. Default: they are only reloaded at
   * intervals.
   *
   * @returns a function that stops watching.
   */
  watch?(onChange: () => void): () => void;
  /**
   * Replaces `previous` with `next` atomically and durably (compare and swap). Default: the source is read-only, and
   * keys are rotated by another program.
   *
   * @returns `false`, without writing, if the source no longer holds `previous`.
   */
  replace?(previous: JwkSet, next: JwkSet): Promise<boolean>;
  /** Releases connections, leases and timers. Default: nothing to release. */
  close?(): void | Promise<void>;
}
