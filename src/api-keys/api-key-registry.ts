import { createHash, timingSafeEqual } from 'node:crypto';
import type { NumericDate } from '../base/clock.js';
import { InvalidClientError } from '../base/errors.js';
import type { ApiKey } from './api-key.js';
import { parseApiKey } from './parse-api-key.js';

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
  /**
   * Where the keys can change: from now on no set that breaks the rule comes into force. The present one is not looked
   * at. Default: they never change.
   */
  addRule?(rule: ApiKeyRule): void;
}

/** What a set of API keys must satisfy beside what their files say. @returns what is wrong; nothing where it does. */
export type ApiKeyRule = (apiKeys: readonly ApiKey[]) => readonly ApiKeyFault[];

/** What is wrong with one API key, in the words of its file. */
export interface ApiKeyFault {
  readonly keyId: string;
  /** Where in its file, as `['token_ttl']`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** An API key and the digest by which it is recognised. */
export interface RegisteredKey {
  readonly apiKey: ApiKey;
  readonly digest: Buffer;
  /** That of the previous key of a rotation, refused from `expiresAt` on. */
  readonly previous?: { readonly digest: Buffer; readonly expiresAt: NumericDate };
}

export function digestSecret(secret: string): Buffer {
  return createHash('sha256').update(secret, 'utf8').digest();
}

/** @param keys with distinct digests and distinct `keyId`s. */
export function createApiKeyRegistry(keys: readonly RegisteredKey[]): ApiKeyRegistry {
  const byDigest = new Map(keys.flatMap(credentialsOf).map((found) => [found.digest.toString('hex'), found]));
  const byKeyId = new Map(keys.map(({ apiKey }) => [apiKey.keyId, apiKey]));
  const unknown = Buffer.alloc(32);

  return Object.freeze({
    apiKeys: Object.freeze(keys.map(({ apiKey }) => apiKey)),
    get: (keyId: string) => byKeyId.get(keyId),
    /** The secret is only ever hashed: neither the look-up nor the comparison takes time by its content. */
    authenticate({ secret, keyId }: ClientCredentials, now: NumericDate) {
      if (parseApiKey(secret).kind === 'typo') throw new InvalidClientError('malformed_key');
      const digest = digestSecret(secret);
      const found = byDigest.get(digest.toString('hex'));
      const matches = timingSafeEqual(digest, found?.digest ?? unknown);
      if (found === undefined || !matches) throw new InvalidClientError('unknown_key');
      const { apiKey, endsAt = Number.POSITIVE_INFINITY } = found;
      if (keyId !== undefined && keyId !== apiKey.keyId) throw new InvalidClientError('key_id_mismatch');
      if (endsAt <= now) throw new InvalidClientError('previous_key_expired');
      return assertMayIssue(apiKey, now);
    },
  });
}

/** One secret by which an API key is recognised. */
interface Credential {
  readonly apiKey: ApiKey;
  readonly digest: Buffer;
  /** Default: no end. */
  readonly endsAt?: NumericDate;
}

function credentialsOf({ apiKey, digest, previous }: RegisteredKey): readonly Credential[] {
  if (previous === undefined) return [{ apiKey, digest }];
  const viaPreviousKey = Object.freeze({ ...apiKey, viaPreviousKey: true } as const);
  return [
    { apiKey, digest },
    { apiKey: viaPreviousKey, digest: previous.digest, endsAt: previous.expiresAt },
  ];
}

/**
 * An API key that may get tokens at this moment.
 * @param apiKey `undefined` where it is not configured.
 * @throws InvalidClientError
 */
export function assertMayIssue(apiKey: ApiKey | undefined, now: NumericDate): ApiKey {
  if (apiKey === undefined) throw new InvalidClientError('unknown_key');
  if (!apiKey.active) throw new InvalidClientError('inactive');
  if (isExpired(apiKey, now)) throw new InvalidClientError('expired');
  return apiKey;
}

/** A key in its last second counts as expired: its tokens would not live for a whole one. */
export function isExpired({ expiresAt }: ApiKey, now: NumericDate): boolean {
  return expiresAt !== undefined && expiresAt - now < 1;
}
