export type { ApiKey, DelegationRules, ModelConfiguration, RefreshTokens } from '../api-keys/api-key.js';
export type {
  ApiKeyFault,
  ApiKeyRegistry,
  ApiKeyRule,
  ClientCredentials,
} from '../api-keys/api-key-registry.js';
export type { ApiKeyStates } from '../api-keys/check-key-states.js';
export { ConfigurationError, type ConfigurationProblem } from '../api-keys/configuration-error.js';
export { type GenerateApiKeyOptions, generateApiKey } from '../api-keys/generate-api-key.js';
export type { ApiKeysState, WatchedApiKeys } from '../api-keys/live-api-keys.js';
export { type ApiKeyOptions, type LoadedApiKeys, loadApiKeys } from '../api-keys/load-api-keys.js';
export { type ParsedApiKey, parseApiKey } from '../api-keys/parse-api-key.js';
export type { SecretText } from '../api-keys/secret-text.js';
export { type WatchApiKeysOptions, watchApiKeys } from '../api-keys/watch-api-keys.js';
export type { Clock, NumericDate } from '../base/clock.js';
export type { ErrorCode, WireError } from '../base/error-codes.js';
export {
  AccessDeniedError,
  InsufficientScopeError,
  InvalidClientError,
  InvalidGrantError,
  InvalidRequestError,
  InvalidScopeError,
  InvalidTargetError,
  InvalidTokenError,
  MissingCredentialsError,
  PassportJweError,
  RateLimitExceededError,
  TemporarilyUnavailableError,
  UnauthorizedClientError,
  UnsupportedGrantTypeError,
  UnsupportedTokenTypeError,
} from '../base/errors.js';
export type { JsonObject, JsonValue } from '../base/json.js';
export type { RateLimitState } from '../base/rate-limit-headers.js';
export type { PrivateFile } from '../base/read-private-file.js';
export type {
  ClientRejection,
  ExchangeRejection,
  GrantRejection,
  TokenRejection,
} from '../base/rejections.js';
export {
  type ClockStep,
  createSteadyClock,
  type SteadyClock,
  type SteadyClockOptions,
} from '../base/steady-clock.js';
export type { ContentEncryption } from '../keys/content-key.js';
export { createKeyRing, type KeyRingOptions } from '../keys/create-key-ring.js';
export { createLegacyKey, type LegacyKey, type LegacyKeySource } from '../keys/create-legacy-key.js';
export { createSigningKey } from '../keys/create-signing-key.js';
export type { LegacyPassphraseKey, PassphraseKey } from '../keys/derive-from-passphrase.js';
export type { KeyRing } from '../keys/key-ring.js';
export type { KeySource } from '../keys/key-source.js';
export type { KeyUsageOptions } from '../keys/key-usage.js';
export { generateKeySet, type KeyState, type KeyVersion } from '../keys/key-versions.js';
export { type OpenKeyRingOptions, openKeyRing } from '../keys/open-key-ring.js';
export type { Jwk, JwkSet } from '../keys/parse-jwk.js';
export { type PublishOptions, publishAccessKeys } from '../keys/publish-access-keys.js';
export type { KeyLocation, KeySpec } from '../keys/read-key-spec.js';
export type { JwkLocation, KeyTextLocation } from '../keys/read-key-text.js';
export type { RecipientKeys } from '../keys/read-recipients.js';
export { type RemoteJwksOptions, remoteJwks } from '../keys/remote-jwks.js';
export type { SignatureOptions } from '../keys/resolve-verification.js';
export type { SignatureAlgorithm, SigningKey, VerificationKey } from '../keys/signature-key.js';
export type { RotatingKeyRing } from '../keys/sourced-key-ring.js';
export {
  type DirectoryKeySourceOptions,
  directoryKeySource,
} from '../keys/sources/directory-key-source.js';
export {
  type EnvironmentKeySourceOptions,
  environmentKeySource,
} from '../keys/sources/environment-key-source.js';
export { type FileKeySourceOptions, fileKeySource } from '../keys/sources/file-key-source.js';
export { passphraseKeySource } from '../keys/sources/passphrase-key-source.js';
export { createVerificationKeys, type VerificationKeys } from '../keys/verification-keys.js';
export type { RevocationCheck } from '../revocation/check-revocation.js';
export type { Revocable } from '../revocation/revocable.js';
export {
  createRevocations,
  type FamilyIdentity,
  type RevocationReach,
  type Revocations,
  type RevocationsOptions,
} from '../revocation/revocations.js';
export {
  type AllSessionsEnd,
  createSessions,
  type SessionEnd,
  type SessionPage,
  type SessionQuery,
  type Sessions,
  type SessionsOptions,
} from '../sessions/create-sessions.js';
export type { RefreshSettings } from '../sessions/refresh-settings.js';
export type { Session, SessionOwner } from '../sessions/session.js';
export { type SessionRouterOptions, sessionRouter } from '../sessions/session-router.js';
export type { ClaimsOptions } from '../token/claims/claims-policy.js';
export type {
  ApiKeyType,
  ClaimsByType,
  ClaimsSet,
  DelegationClaims,
  EndpointClaims,
  ExternalClaims,
  ForeignClaims,
  FunctionClaims,
  IssuedClaims,
  LineageEntry,
  ModelClaims,
  RateLimits,
  ServiceClaims,
  TokenType,
  UserLimits,
} from '../token/claims/claims-set.js';
export type { LegacyTokenType } from '../token/claims/complete-legacy-claims.js';
export type { VerifiedToken, VerifiedTokenOf } from '../token/claims/verified-token.js';
export type { LegacyOptions } from '../token/legacy-policy.js';
export type { TokenCacheOptions } from '../token/token-cache.js';
export {
  type DiscoveryOptions,
  discoveryRouter,
  type ProtectedResource,
  protectedResourceUrl,
} from './discovery-router.js';
export type { ClaimsContext, ClaimsHook } from './grants/issue-access-token.js';
export type { ThrottleOptions } from './throttle-failures.js';
export {
  createTokenIssuer,
  type IssuedToken,
  type IssueRequest,
  type TokenIssuer,
  type TokenIssuerOptions,
} from './token-issuer.js';
export { type TokenRouterOptions, tokenRouter } from './token-router.js';
