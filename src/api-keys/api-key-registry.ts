import { createHash, timingSafeEqual } from 'node:crypto';
import type { NumericDate } from '../clock.js';
import { InvalidClientError } from '../errors.js';
import type { ApiKey } from './api-key.js';

/** What a client presented. */
export interface ClientCredentials {
  readonly secret: string;
  /** The public name, where the method of authentication carries one. */
  readonly keyId?: string;
}

/** The configured API keys. The keys themselves are kept as SHA-256 digests only. */
export interface ApiKeyRegistry {
  /** All of them, in the order of their files. */
  readonly apiKeys: readonly ApiKey[];
  /** The API key of a public name. */
  get(keyId: string): ApiKey | undefined;
  /**
   * The API key that the credentials prove.
   * @throws InvalidClientError where they are unknown, or the key is inactive or expired.
   */
  authenticate(credentials: ClientCredentials, now: NumericDate): ApiKey;
}

/** An API key and the digest by which it is recognised. */
export interface RegisteredKey {
  readonly apiKey: ApiKey;
  readonly digest: Buffer;
}

export function digestSecret(secret: string): Buffer {
  return createHash('sha256').update(secret, 'utf8').digest();
}

/** @param keys with distinct digests and distinct `keyId`s. */
export function createApiKeyRegistry(keys: readonly RegisteredKey[]): ApiKeyRegistry {
  const byDigest = new Map(keys.map((key) => [key.digest.toString('hex'), key]));
  const byKeyId = new Map(keys.map(({ apiKey }) => [apiKey.keyId, apiKey]));
  const unknown = Buffer.alloc(32);

  return Object.freeze({
    apiKeys: Object.freeze(keys.map(({ apiKey }) => apiKey)),
    get: (keyId: string) => byKeyId.get(keyId),
    /** The secret is only ever hashed: neither the look-up nor the comparison takes time by its content. */
    authenticate({ secret, keyId }: ClientCredentials, now: NumericDate) {
      const digest = digestSecret(secret);
      const found = byDigest.get(digest.toString('hex'));
      const matches = timingSafeEqual(digest, found?.digest ?? unknown);
      if (found === undefined || !matches) throw new InvalidClientError('unknown_key');
      const { apiKey } = found;
      if (keyId !== undefined && keyId !== apiKey.keyId) throw new InvalidClientError('key_id_mismatch');
      if (!apiKey.active) throw new InvalidClientError('inactive');
      if (isExpired(apiKey, now)) throw new InvalidClientError('expired');
      return apiKey;
    },
  });
}

/** A key in its last second counts as expired: its tokens would not live for a whole one. */
export function isExpired({ expiresAt }: ApiKey, now: NumericDate): boolean {
  return expiresAt !== undefined && expiresAt - now < 1;
}
