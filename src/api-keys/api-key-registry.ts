import { createHash, timingSafeEqual } from 'node:crypto';
import type { NumericDate } from '../base/clock.js';
import { InvalidClientError } from '../base/errors.js';
import type { ApiKey } from './api-key.js';
import { parseApiKey } from './parse-api-key.js';

/** Credentials of a client. */
export interface ClientCredentials {
  readonly secret: string;
  /** `client_id`, if the authentication method sends one. */
  readonly keyId?: string;
}

/** The configured API keys. Secrets are kept as SHA-256 digests only. */
export interface ApiKeyRegistry {
  /** All API keys, in the order of their files. */
  readonly apiKeys: readonly ApiKey[];
  /** Finds an API key by its `key_id`. */
  get(keyId: string): ApiKey | undefined;
  /**
   * Authenticates a client and returns its API key.
   *
   * @throws InvalidClientError if the credentials are unknown, or the API key is inactive or expired.
   */
  authenticate(credentials: ClientCredentials, now: NumericDate): ApiKey;
  /**
   * Adds a rule for API keys that are reloaded later: a set that violates it is rejected. The present set is not
   * checked. Absent if the API keys never change.
   */
  addRule?(rule: ApiKeyRule): void;
}

/** Checks a set of API keys beyond the rules of their files. @returns the faults; empty if there are none. */
export type ApiKeyRule = (apiKeys: readonly ApiKey[]) => readonly ApiKeyFault[];

/** A fault of one API key, for the error message of its file. */
export interface ApiKeyFault {
  readonly keyId: string;
  /** Path in its file, such as `['token_ttl']`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** An API key and the digest of its secret. */
export interface RegisteredKey {
  readonly apiKey: ApiKey;
  readonly digest: Buffer;
  /** Digest of the previous secret during a rotation, which is rejected from `expiresAt`. */
  readonly previous?: { readonly digest: Buffer; readonly expiresAt: NumericDate };
}

export function digestSecret(secret: string): Buffer {
  return createHash('sha256').update(secret, 'utf8').digest();
}

/** Creates a registry. @param keys must have distinct digests and distinct `keyId`s. */
export function createApiKeyRegistry(keys: readonly RegisteredKey[]): ApiKeyRegistry {
  const byDigest = new Map(keys.flatMap(credentialsOf).map((found) => [found.digest.toString('hex'), found]));
  const byKeyId = new Map(keys.map(({ apiKey }) => [apiKey.keyId, apiKey]));
  const unknown = Buffer.alloc(32);

  return Object.freeze({
    apiKeys: Object.freeze(keys.map(({ apiKey }) => apiKey)),
    get: (keyId: string) => byKeyId.get(keyId),
    /** Looks up and compares digests only, so that timing reveals nothing about secrets. */
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

/** One secret of an API key. */
interface Credential {
  readonly apiKey: ApiKey;
  readonly digest: Buffer;
  /** Time from which the secret is rejected. Default: none. */
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
 * Asserts that tokens may be issued to an API key now.
 *
 * @param apiKey `undefined` if it is not configured.
 * @throws InvalidClientError if it is not configured, inactive or expired.
 */
export function assertMayIssue(apiKey: ApiKey | undefined, now: NumericDate): ApiKey {
  if (apiKey === undefined) throw new InvalidClientError('unknown_key');
  if (!apiKey.active) throw new InvalidClientError('inactive');
  if (isExpired(apiKey, now)) throw new InvalidClientError('expired');
  return apiKey;
}

/** A key counts as expired in its last second, because its tokens would be valid for less than a second. */
export function isExpired({ expiresAt }: ApiKey, now: NumericDate): boolean {
  return expiresAt !== undefined && expiresAt - now < 1;
}
