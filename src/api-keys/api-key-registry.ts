import { createHash, timingSafeEqual } from 'node:crypto';
import type { NumericDate } from '../base/clock.js';
import { InvalidClientError } from '../base/token-endpoint-errors.js';
import type { ApiKey } from './api-key.js';
import { parseApiKey } from './parse-api-key.js';

/** Credentials that a client presents to the token endpoint (RFC 6749 §2.3). */
export interface ClientCredentials {
  /** The API key in plain text. */
  readonly secret: string;
  /** `client_id`, if the authentication method sends one. */
  readonly keyId?: string;
}

/** Registry of the configured API keys. It stores the SHA-256 digest of each secret, not the secret. */
export interface ApiKeyRegistry {
  /** All API keys, sorted by file name. */
  readonly apiKeys: readonly ApiKey[];
  /** Return the API key with this `key_id`, or `undefined` if none is configured. */
  get(keyId: string): ApiKey | undefined;
  /**
   * Authenticate a client by its secret and return its API key (RFC 6749 §2.3.1).
   *
   * @throws InvalidClientError if the secret is unknown, mistyped or expired, if `keyId` does not match, or if the API
   *   key is inactive or expired.
   */
  authenticate(credentials: ClientCredentials, now: NumericDate): ApiKey;
  /**
   * Add a rule for future reloads. A set of API keys that violates the rule is rejected. The current set is not
   * checked. Absent if the registry never reloads.
   */
  addRule?(rule: ApiKeyRule): void;
}

/**
 * Validation rule for a set of API keys, in addition to the checks of each file.
 *
 * @returns the faults, or an empty array if the set is valid.
 */
export type ApiKeyRule = (apiKeys: readonly ApiKey[]) => readonly ApiKeyFault[];

/** Violation of a rule by one API key. The error message shows the position in the file. */
export interface ApiKeyFault {
  /** `key_id` of the API key. */
  readonly keyId: string;
  /** Path of the field in the API key file, such as `['token_ttl']`. */
  readonly path: readonly (string | number)[];
  /** Description of the fault. */
  readonly message: string;
}

/** An API key and the digest of its secret. */
export interface RegisteredKey {
  readonly apiKey: ApiKey;
  /** Absent if the client authenticates only with signed assertions. */
  readonly digest?: Buffer;
  /** Digest of the previous secret during a rotation. From `expiresAt`, the previous secret is rejected. */
  readonly previous?: { readonly digest: Buffer; readonly expiresAt: NumericDate };
}

/** Return the SHA-256 digest of a secret. */
export function digestSecret(secret: string): Buffer {
  return createHash('sha256').update(secret, 'utf8').digest();
}

/**
 * Create an immutable registry.
 *
 * @param keys must have distinct digests and distinct `keyId`s.
 */
export function createApiKeyRegistry(keys: readonly RegisteredKey[]): ApiKeyRegistry {
  const byDigest = new Map(keys.flatMap(credentialsOf).map((found) => [found.digest.toString('hex'), found]));
  const byKeyId = new Map(keys.map(({ apiKey }) => [apiKey.keyId, apiKey]));
  const unknown = Buffer.alloc(32);

  return Object.freeze({
    apiKeys: Object.freeze(keys.map(({ apiKey }) => apiKey)),
    get: (keyId: string) => byKeyId.get(keyId),
    /** Compare digests instead of secrets, so that response times reveal nothing about a secret. */
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
  /** Expiry of a previous secret. Absent for the current secret. */
  readonly endsAt?: NumericDate;
}

function credentialsOf({ apiKey, digest, previous }: RegisteredKey): readonly Credential[] {
  if (digest === undefined) return [];
  if (previous === undefined) return [{ apiKey, digest }];
  const viaPreviousKey = Object.freeze({ ...apiKey, viaPreviousKey: true } as const);
  return [
    { apiKey, digest },
    { apiKey: viaPreviousKey, digest: previous.digest, endsAt: previous.expiresAt },
  ];
}

/**
 * Assert that an API key may receive tokens at the time `now`.
 *
 * @param apiKey the API key, or `undefined` if the client is not configured.
 * @throws InvalidClientError if the API key is undefined, inactive or expired.
 */
export function assertMayIssue(apiKey: ApiKey | undefined, now: NumericDate): ApiKey {
  if (apiKey === undefined) throw new InvalidClientError('unknown_key');
  if (!apiKey.active) throw new InvalidClientError('inactive');
  if (isExpired(apiKey, now)) throw new InvalidClientError('expired');
  return apiKey;
}

/**
 * Whether an API key has expired. A key expires one second early, because its tokens would be valid for less than a
 * second.
 */
export function isExpired({ expiresAt }: ApiKey, now: NumericDate): boolean {
  return expiresAt !== undefined && expiresAt - now < 1;
}
