export type { ApiKey, DelegationRules, ModelConfiguration, RefreshTokens } from './api-keys/api-key.js';
export type { ApiKeyRegistry, ClientCredentials } from './api-keys/api-key-registry.js';
export { ConfigurationError, type ConfigurationProblem } from './api-keys/configuration-error.js';
export { type ApiKeyOptions, loadApiKeys } from './api-keys/load-api-keys.js';
export type { SecretText } from './api-keys/secret-text.js';
export type { AuditEvent, AuditRecord } from './audit/events.js';
export { type AuditLogger, pinoSink } from './audit/pino-sink.js';
export {
  type AuditSink,
  type AuditTrail,
  type AuditTrailOptions,
  createAuditTrail,
} from './audit/record.js';
export type {
  ClientRejection,
  ExchangeRejection,
  GrantRejection,
  TokenRejection,
} from './audit/rejections.js';
export type { ChallengeOptions } from './bearer/write-challenge.js';
export type { ClaimsOptions } from './claims/claims-policy.js';
export type {
  ApiKeyType,
  ClaimsByType,
  ClaimsSet,
  DelegationClaims,
  EndpointClaims,
  ForeignClaims,
  FunctionClaims,
  IssuedClaims,
  LineageEntry,
  ModelClaims,
  RateLimits,
  ServiceClaims,
  TokenType,
} from './claims/claims-set.js';
export type { JsonObject, JsonValue } from './claims/json.js';
export type { VerifiedToken, VerifiedTokenOf } from './claims/verified-token.js';
export type { Clock, NumericDate } from './clock.js';
export {
  AccessDeniedError,
  type ErrorCode,
  InsufficientScopeError,
  InvalidClientError,
  InvalidGrantError,
  InvalidRequestError,
  InvalidScopeError,
  InvalidTargetError,
  InvalidTokenError,
  JweError,
  MissingCredentialsError,
  RateLimitExceededError,
  type RateLimitState,
  TemporarilyUnavailableError,
  UnauthorizedClientError,
  UnsupportedGrantTypeError,
  UnsupportedTokenTypeError,
  type WireError,
} from './errors.js';
export type { AcceptOptions } from './express/acceptor.js';
export { type AuthenticateOptions, authenticate } from './express/authenticate.js';
export { bearerErrors } from './express/bearer-errors.js';
export {
  type DiscoveryOptions,
  discoveryRouter,
  type ProtectedResource,
  protectedResourceUrl,
} from './express/discovery-router.js';
export {
  requireAnyScope,
  requireAudience,
  requireClaim,
  requireMaxAge,
  requireScope,
  requireType,
} from './express/guards.js';
export { JweStrategy, type JweStrategyOptions } from './express/jwe-strategy.js';
export type { TokenLocations } from './express/token-locations.js';
export { type TokenRouterOptions, tokenRouter } from './express/token-router.js';
export { findVerifiedToken, verifiedToken } from './express/verified-token.js';
export type { VerifyDone, VerifyFunction, VerifyFunctionWithRequest } from './express/verify-function.js';
export type { ClaimsContext, ClaimsHook } from './grants/issue-access-token.js';
export type { ContentEncryption } from './keys/content-key.js';
export { createKeyRing, type KeyRingOptions } from './keys/create-key-ring.js';
export { createSigningKey } from './keys/create-signing-key.js';
export type { LegacyPassphraseKey, PassphraseKey } from './keys/derive-from-passphrase.js';
export type { KeyRing } from './keys/key-ring.js';
export type { KeySource } from './keys/key-source.js';
export type { Jwk, JwkSet } from './keys/parse-jwk.js';
export type { KeyLocation, KeySpec } from './keys/read-key-spec.js';
export type { JwkLocation, KeyTextLocation } from './keys/read-key-text.js';
export type { RecipientKeys } from './keys/read-recipients.js';
export { type RemoteJwksOptions, remoteJwks } from './keys/remote-jwks.js';
export type { SignatureOptions } from './keys/resolve-verification.js';
export type { SignatureAlgorithm, SigningKey, VerificationKey } from './keys/signature-key.js';
export { createVerificationKeys, type VerificationKeys } from './keys/verification-keys.js';
export type { RevocationCheck } from './revocation/check-revocation.js';
export type { Revocable } from './revocation/revocable.js';
export {
  createRevocations,
  type FamilyIdentity,
  type Revocations,
  type RevocationsOptions,
} from './revocation/revocations.js';
export type { RefreshSettings } from './sessions/refresh-families.js';
export type { CounterStep, CounterStore } from './stores/counter-store.js';
export type { FamilyRecord, FamilyState, FamilyStore, StoredFamily } from './stores/family-store.js';
export { createMemoryStores, type MemoryStoresOptions } from './stores/memory/create-memory-stores.js';
export type { RevocationEntry, RevocationStore } from './stores/revocation-store.js';
export type { StoreBounds, Stores } from './stores/stores.js';
export { createTokenClient, type TokenClient, type TokenClientOptions } from './token-client.js';
export {
  createTokenService,
  type IssuedToken,
  type IssueRequest,
  type TokenService,
  type TokenServiceOptions,
} from './token-service.js';
