export type { AuditEvent, AuditRecord, TokenIssuance } from '../audit/events.js';
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
export { findVerifiedToken, verifiedToken } from '../http/find-verified-token.js';
export { requireProof } from '../http/require-proof.js';
export { isResponseFinished, onResponseFinished } from '../http/response-finished.js';
export type { ChallengeOptions } from '../http/write-challenge.js';
export type { ContentEncryption } from '../keys/content-key.js';
export { createKeyRing, type KeyRingOptions } from '../keys/create-key-ring.js';
export { createLegacyKey, type LegacyKey, type LegacyKeySource } from '../keys/create-legacy-key.js';
export type { LegacyPassphraseKey, PassphraseKey } from '../keys/derive-from-passphrase.js';
export type { KeyRing } from '../keys/key-ring.js';
export type { KeySource } from '../keys/key-source.js';
export type { KeyUsageOptions } from '../keys/key-usage.js';
export { type OpenKeyRingOptions, openKeyRing } from '../keys/open-key-ring.js';
export type { Jwk, JwkSet } from '../keys/parse-jwk.js';
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
export type { Admission, Usage } from '../limits/admission.js';
export type { Cost } from '../limits/build-step.js';
export { admissionOf, type LimitRequestsOptions, limitRequests } from '../limits/limit-requests.js';
export {
  createLimits,
  type Limits,
  type LimitsOptions,
  type StoreFailurePolicy,
} from '../limits/limits.js';
export type { RevocationCheck } from '../revocation/check-revocation.js';
export type { Revocable } from '../revocation/revocable.js';
export {
  createRevocations,
  type FamilyIdentity,
  type RevocationReach,
  type Revocations,
  type RevocationsOptions,
} from '../revocation/revocations.js';
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
  createTokenVerifier,
  type TokenVerifier,
  type TokenVerifierOptions,
} from '../verify/token-verifier.js';
export type { TrustedIssuer } from '../verify/trusted-issuers.js';
export type { AcceptOptions } from './acceptor.js';
export { requireEndpoint, requireFunctions, requireModel } from './allowance-guards.js';
export { type AuthenticateOptions, authenticate } from './authenticate.js';
export { bearerErrors } from './bearer-errors.js';
export {
  requireAnyScope,
  requireAudience,
  requireClaim,
  requireMaxAge,
  requireScope,
  requireType,
} from './guards.js';
export { JweStrategy, type JweStrategyOptions } from './jwe-strategy.js';
export type { TokenLocations } from './token-locations.js';
export type { VerifyDone, VerifyFunction, VerifyFunctionWithRequest } from './verify-function.js';
