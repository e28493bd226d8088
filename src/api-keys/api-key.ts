import type { NumericDate } from '../base/clock.js';
import type { JsonObject } from '../base/json.js';
import type { ApiKeyType, RateLimits } from '../token/claims/claims-set.js';
import type { SecretText } from './secret-text.js';

/** A model that an API key may execute, and the endpoint of its provider. */
export interface ModelConfiguration {
  readonly name: string;
  /** URL of the provider (`https:`, or `http:` on loopback), or `echo:` for the embedded model. */
  readonly endpoint: string;
  /** API key of the provider. It never appears in a token, log or error. Not required for `echo:`. */
  readonly apiKey?: SecretText;
  readonly maxTokens: number;
  readonly temperature: number;
}

/**
 * Issuance of refresh tokens: `off`, `confidential` (for clients that authenticate with their API key), or `public`
 * (also for devices without an API key, which only identify themselves; RFC 6749 §2.1).
 */
export const REFRESH_TOKENS = ['off', 'confidential', 'public'] as const;

export type RefreshTokens = (typeof REFRESH_TOKENS)[number];

/** Token exchanges that an API key may request (RFC 8693). All others are rejected. */
export interface DelegationRules {
  /** `key_id`s of the API keys whose tokens it may exchange as the subject. */
  readonly subjects: readonly string[];
  /** `key_id`s of the permitted actors. Default: the key itself. */
  readonly actors: readonly string[];
  /** Permitted audiences of the issued tokens. */
  readonly audiences: readonly string[];
}

/** A configured API key, deeply frozen, without its secret. */
export interface ApiKey {
  /** Public identifier, `client_id` in tokens. */
  readonly keyId: string;
  readonly name: string;
  readonly type: ApiKeyType;
  readonly active: boolean;
  /** NumericDate from which the key is rejected. Its tokens expire no later. */
  readonly expiresAt?: NumericDate;
  /** NumericDate until which the previous secret of a rotation is accepted. Absent if there is none. */
  readonly previousKeyExpiresAt?: NumericDate;
  /** Present if the client authenticated with the previous secret of a rotation. */
  readonly viaPreviousKey?: true;
  /** Permitted audiences. Empty: the default audience of the issuer. */
  readonly audiences: readonly string[];
  /** Audiences of its service tokens, which are disjoint from the audiences of all other tokens. */
  readonly serviceAudiences: readonly string[];
  /** Audiences whose tokens it may introspect, including tokens of other clients. */
  readonly introspects: readonly string[];
  readonly permissions: readonly string[];
  /** Lifetime of its tokens in seconds. */
  readonly tokenTtlSeconds: number;
  /** Shorter token lifetimes in seconds, by scope. */
  readonly scopeTtlSeconds: ReadonlyMap<string, number>;
  readonly rateLimits: RateLimits;
  readonly metadata: JsonObject;
  /** Names of the metadata fields that are included in tokens. */
  readonly metadataClaims: readonly string[];
  /** Whether it may assert a `user`. */
  readonly users: boolean;
  readonly refreshTokens: RefreshTokens;
  /** Absent: the key may not exchange tokens. */
  readonly delegation?: DelegationRules;
  readonly models: readonly ModelConfiguration[];
  readonly functions: readonly string[];
  /** Permitted endpoints, each `METHOD /path`. The method may be `*`. */
  readonly endpoints: readonly string[];
}
