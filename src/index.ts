export type { AcceptOptions } from './accept/acceptor.js';
export { requireEndpoint, requireFunctions, requireModel } from './accept/allowance-guards.js';
export { type AuthenticateOptions, authenticate } from './accept/authenticate.js';
export { bearerErrors } from './accept/bearer-errors.js';
export {
  requireAnyScope,
  requireAudience,
  requireClaim,
  requireMaxAge,
  requireScope,
  requireType,
} from './accept/guards.js';
export { JweStrategy, type JweStrategyOptions } from './accept/jwe-strategy.js';
export {
  type ProtectedResourceMetadataOptions,
  protectedResourceMetadata,
} from './accept/protected-resource-metadata.js';
export { protectedResourceUrl } from './accept/protected-resource-url.js';
export type { TokenLocations } from './accept/token-locations.js';
export type { VerifyDone, VerifyFunction, VerifyFunctionWithRequest } from './accept/verify-function.js';
export type { ApiKey, DelegationRules, ModelConfiguration, RefreshTokens } from './api-keys/api-key.js';
export type {
  ApiKeyFault,
  ApiKeyRegistry,
  ApiKeyRule,
  ClientCredentials,
} from './api-keys/api-key-registry.js';
export type { ApiKeyStates } from './api-keys/check-key-states.js';
export { ConfigurationError, type ConfigurationProblem } from './api-keys/configuration-error.js';
export { type GenerateApiKeyOptions, generateApiKey } from './api-keys/generate-api-key.js';
export type { ApiKeysState, WatchedApiKeys } from './api-keys/live-api-keys.js';
export { type ApiKeyOptions, type LoadedApiKeys, loadApiKeys } from './api-keys/load-api-keys.js';
export { type ParsedApiKey, parseApiKey } from './api-keys/parse-api-key.js';
export type { SecretText } from './api-keys/secret-text.js';
export { type WatchApiKeysOptions, watchApiKeys } from './api-keys/watch-api-keys.js';
export type { AuditEvent, AuditRecord, TokenIssuance } from './audit/events.js';
export { type AuditFile, type AuditFileOptions, openAuditFile } from './audit/open-audit-file.js';
export { type AuditLogger, pinoSink } from './audit/pino-sink.js';
export {
  type AuditSink,
  type AuditTrail,
  type AuditTrailOptions,
  createAuditTrail,
  type OpenAuditTrail,
} from './audit/record.js';
export {
  type AuditChain,
  type AuditProblem,
  type AuditVerification,
  verifyAuditFile,
} from './audit/verify-audit-file.js';
export type { Clock, NumericDate } from './base/clock.js';
export type { ErrorCode, WireError } from './base/error-codes.js';
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
} from './base/errors.js';
export type { JsonObject, JsonValue } from './base/json.js';
export type { RateLimitState } from './base/rate-limit-headers.js';
export type { PrivateFile } from './base/read-private-file.js';
export type {
  ClientRejection,
  ExchangeRejection,
  GrantRejection,
  TokenRejection,
} from './base/rejections.js';
export {
  type ClockStep,
  createSteadyClock,
  type SteadyClock,
  type SteadyClockOptions,
} from './base/steady-clock.js';
export { createTokenClient, type TokenClient, type TokenClientOptions } from './client/token-client.js';
export { findVerifiedToken, verifiedToken } from './http/find-verified-token.js';
export { requireProof } from './http/require-proof.js';
export { isResponseFinished, onResponseFinished } from './http/response-finished.js';
export type { ChallengeOptions } from './http/write-challenge.js';
export {
  type AuthorizationServerMetadataOptions,
  authorizationServerMetadata,
} from './issue/authorization-server-metadata.js';
export type { ClaimsContext, ClaimsHook } from './issue/grants/issue-access-token.js';
export type { IssueRequest } from './issue/issue-request.js';
export type { ThrottleOptions } from './issue/throttle-failures.js';
export {
  createTokenIssuer,
  type IssuedToken,
  type TokenIssuer,
  type TokenIssuerOptions,
} from './issue/token-issuer.js';
export { tokenRouter } from './issue/token-router.js';
export type { TokenRouterOptions } from './issue/token-router-options.js';
export type { ContentEncryption } from './keys/content-key.js';
export { createKeyRing, type KeyRingOptions } from './keys/create-key-ring.js';
export { createLegacyKey, type LegacyKey, type LegacyKeySource } from './keys/create-legacy-key.js';
export { createSigningKey } from './keys/create-signing-key.js';
export type { LegacyPassphraseKey, PassphraseKey } from './keys/derive-from-passphrase.js';
export type { KeyRing } from './keys/key-ring.js';
export type { KeySource } from './keys/key-source.js';
export type { KeyUsageOptions } from './keys/key-usage.js';
export { generateKeySet, type KeyState, type KeyVersion } from './keys/key-versions.js';
export { type OpenKeyRingOptions, openKeyRing } from './keys/open-key-ring.js';
export type { Jwk, JwkSet } from './keys/parse-jwk.js';
export { type PublishOptions, publishAccessKeys } from './keys/publish-access-keys.js';
export type { KeyLocation, KeySpec } from './keys/read-key-spec.js';
export type { JwkLocation, KeyTextLocation } from './keys/read-key-text.js';
export type { RecipientKeys } from './keys/read-recipients.js';
export { type RemoteJwksOptions, remoteJwks } from './keys/remote-jwks.js';
export type { SignatureOptions } from './keys/resolve-verification.js';
export type { SignatureAlgorithm, SigningKey, VerificationKey } from './keys/signature-key.js';
export type { RotatingKeyRing } from './keys/sourced-key-ring.js';
export {
  type DirectoryKeySourceOptions,
  directoryKeySource,
} from './keys/sources/directory-key-source.js';
export {
  type EnvironmentKeySourceOptions,
  environmentKeySource,
} from './keys/sources/environment-key-source.js';
export { type FileKeySourceOptions, fileKeySource } from './keys/sources/file-key-source.js';
export { passphraseKeySource } from './keys/sources/passphrase-key-source.js';
export type { VaultCredential } from './keys/vault/vault-credential.js';
export {
  type VaultAuth,
  type VaultKeySourceOptions,
  vaultKeySource,
} from './keys/vault/vault-key-source.js';
export { createVerificationKeys, type VerificationKeys } from './keys/verification-keys.js';
export type { Admission, Usage } from './limits/admission.js';
export type { Cost } from './limits/build-step.js';
export { admissionOf, type LimitRequestsOptions, limitRequests } from './limits/limit-requests.js';
export {
  createLimits,
  type Limits,
  type LimitsOptions,
  type StoreFailurePolicy,
} from './limits/limits.js';
export type {
  AnswersByKind,
  AnswerTarget,
  Revoker,
  SuspicionAnswer,
} from './monitor/answer-suspicion.js';
export { createMonitor, type Monitor, type MonitorOptions } from './monitor/create-monitor.js';
export type {
  CountThreshold,
  RateThreshold,
  SuspicionThresholds,
} from './monitor/suspicion-thresholds.js';
export type { SuspicionKind, SuspiciousUse } from './monitor/suspicious-use.js';
export type { RevocationCheck } from './revocation/check-revocation.js';
export type { Revocable } from './revocation/revocable.js';
export {
  createRevocations,
  type FamilyIdentity,
  type RevocationReach,
  type Revocations,
  type RevocationsOptions,
} from './revocation/revocations.js';
export {
  type AllSessionsEnd,
  createSessions,
  type SessionEnd,
  type SessionPage,
  type SessionQuery,
  type Sessions,
  type SessionsOptions,
} from './sessions/create-sessions.js';
export type { RefreshSettings } from './sessions/refresh-settings.js';
export type { Session, SessionOwner } from './sessions/session.js';
export { type SessionRouterOptions, sessionRouter } from './sessions/session-router.js';
export type { CounterStep, CounterStore } from './stores/counter-store.js';
export type {
  FamilyGroup,
  FamilyName,
  FamilyPage,
  FamilyPageRequest,
  FamilyRecord,
  FamilyState,
  FamilyStore,
  StoredFamily,
} from './stores/family-store.js';
export type {
  AdmissionAnswer,
  AdmissionStep,
  Bucket,
  LimitStore,
  Rate,
  RateState,
  Refusal,
} from './stores/limit-store.js';
export { createMemoryStores, type MemoryStoresOptions } from './stores/memory/create-memory-stores.js';
export type {
  RevocationEntry,
  RevocationFill,
  RevocationFold,
  RevocationStore,
} from './stores/revocation-store.js';
export type { StoreBounds, Stores } from './stores/stores.js';
export type { ClaimsOptions } from './token/claims/claims-policy.js';
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
} from './token/claims/claims-set.js';
export type { LegacyTokenType } from './token/claims/complete-legacy-claims.js';
export type { VerifiedToken, VerifiedTokenOf } from './token/claims/verified-token.js';
export type { LegacyOptions } from './token/legacy-policy.js';
export type { TokenCacheOptions } from './token/token-cache.js';
export { createTokenVerifier, type TokenVerifier } from './verify/token-verifier.js';
export type { TokenVerifierOptions } from './verify/token-verifier-options.js';
export type { TrustedIssuer } from './verify/trusted-issuers.js';
