import type { NumericDate } from '../base/clock.js';
import type { JsonObject } from '../base/json.js';
import type { ApiKeyType, RateLimits } from '../token/claims/claims-set.js';
import type { SecretText } from './secret-text.js';

/** A model that a key may execute, and how its provider is reached. */
export interface ModelConfiguration {
  readonly name: string;
  /** `https:` URL of the provider, `http:` on loopback, or `echo:` for a model that is embedded. */
  readonly endpoint: string;
  /** The provider's key; it never reaches a token, a log or an error. An `echo:` model needs none. */
  readonly apiKey?: SecretText;
  readonly maxTokens: number;
  readonly temperature: number;
}

/**
 * Whether refresh tokens are issued: not at all; to clients that authenticate whenever they use one; or also to
 * devices that hold no API key, which name themselves instead.
 */
export const REFRESH_TOKENS = ['off', 'confidential', 'public'] as const;

export type RefreshTokens = (typeof REFRESH_TOKENS)[number];

/** What a key may exchange tokens of others for (RFC 8693); nothing else. */
export interface DelegationRules {
  /** `key_id`s of the API keys whose tokens it may exchange. */
  readonly subjects: readonly string[];
  /** `key_id`s of those that may act; the key itself where the file names none. */
  readonly actors: readonly string[];
  /** Audiences of the tokens that it may get. */
  readonly audiences: readonly string[];
}

/** One configured API key, deeply frozen; the key itself is not in it. */
export interface ApiKey {
  /** Its public name: `client_id` in tokens. */
  readonly keyId: string;
  readonly name: string;
  readonly type: ApiKeyType;
  readonly active: boolean;
  /** NumericDate from which on it is refused, and which no token of it outlives. */
  readonly expiresAt?: NumericDate;
  /** NumericDate until which the previous key of a rotation is accepted too. Absent: there is none. */
  readonly previousKeyExpiresAt?: NumericDate;
  /** There where a client has just authenticated by the previous key of a rotation. */
  readonly viaPreviousKey?: true;
  /** Empty for the service's own audience. */
  readonly audiences: readonly string[];
  /** Services that it may call as a service itself; none of them is an audience of other tokens. */
  readonly serviceAudiences: readonly string[];
  /** Audiences whose tokens it may introspect, whoever they were issued to. */
  readonly introspects: readonly string[];
  readonly permissions: readonly string[];
  /** Lifetime of its tokens in seconds. */
  readonly tokenTtlSeconds: number;
  /** Shorter lifetimes in seconds, by scope. */
  readonly scopeTtlSeconds: ReadonlyMap<string, number>;
  readonly rateLimits: RateLimits;
  readonly metadata: JsonObject;
  /** Names of the metadata fields that enter tokens. */
  readonly metadataClaims: readonly string[];
  /** Whether it may assert a `user`. */
  readonly users: boolean;
  readonly refreshTokens: RefreshTokens;
  /** Absent: it may exchange no tokens. */
  readonly delegation?: DelegationRules;
  readonly models: readonly ModelConfiguration[];
  readonly functions: readonly string[];
  /** Each `METHOD /path`, where the method may be `*`. */
  readonly endpoints: readonly string[];
}
