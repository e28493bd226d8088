export * from '../base/index.js';
export type { CorsOptions } from '../http/answer-cors.js';
export { findVerifiedToken, verifiedToken } from '../http/find-verified-token.js';
export type { MetadataMembers } from '../http/metadata-members.js';
export type { MutualTlsOptions } from '../http/mutual-tls-options.js';
export { publicKeysEndpoint } from '../http/public-keys-endpoint.js';
export { requireProof } from '../http/require-proof.js';
export { isResponseFinished, onResponseFinished } from '../http/response-finished.js';
export type { KeyPublisher } from '../http/send-public-keys.js';
export type { ChallengeOptions } from '../http/write-challenge.js';
export { createLegacyKey, type LegacyKey, type LegacyKeySource } from '../keys/create-legacy-key.js';
export type { LegacyPassphraseKey } from '../keys/derive-from-passphrase.js';
export * from '../keys/index.js';
export type { Admission, Usage } from '../limits/admission.js';
export type { Cost } from '../limits/build-step.js';
export { admissionOf, type LimitRequestsOptions, limitRequests } from '../limits/limit-requests.js';
export { createLimits, type Limits, type LimitsOptions } from '../limits/limits.js';
export type { StoreFailurePolicy } from '../limits/store-failure-policy.js';
export * from '../revocation/index.js';
export type { ClaimsOptions } from '../token/claims/claims-policy.js';
export type { LegacyTokenType } from '../token/claims/complete-legacy-claims.js';
export type * from '../token/claims/index.js';
export type { LegacyOptions } from '../token/legacy-policy.js';
export type { TokenCacheOptions } from '../token/token-cache.js';
export type { DpopAlgorithm, DpopOptions, DpopReplayOptions } from '../verify/dpop/dpop-options.js';
export { type AuthJsSessionOptions, authJsSession } from '../verify/presets/auth-js-session.js';
export { type Auth0Options, auth0 } from '../verify/presets/auth0.js';
export { oidcProvider } from '../verify/presets/oidc-provider.js';
export { okta } from '../verify/presets/okta.js';
export { openIddict } from '../verify/presets/open-iddict.js';
export type { PresetOptions } from '../verify/presets/preset-options.js';
export { createTokenVerifier, type TokenVerifier } from '../verify/token-verifier.js';
export type { TokenVerifierOptions } from '../verify/token-verifier-options.js';
export { trustedIssuer } from '../verify/trusted-issuer.js';
export type { IssuerMatcher, TrustedIssuer, TrustedIssuerOptions } from '../verify/trusted-issuer-options.js';
export type { AcceptOptions, AuthenticateOptions, RequestVerifierOptions } from './accept-options.js';
export { requireEndpoint, requireFunctions, requireModel } from './allowance-guards.js';
export { authenticate } from './authenticate.js';
export { bearerErrors } from './bearer-errors.js';
export { createRequestVerifier, type RequestVerifier } from './create-request-verifier.js';
export type { ExemptRoute } from './exempt-routes.js';
export { type ForwardAuthOptions, forwardAuth } from './forward-auth.js';
export {
  requireAnyScope,
  requireAudience,
  requireClaim,
  requireMaxAge,
  requireScope,
  requireType,
} from './guards.js';
export { JweStrategy, type JweStrategyOptions } from './jwe-strategy.js';
export type { BearerMethod, ProtectedResource } from './protected-resource.js';
export {
  type ProtectedResourceMetadataOptions,
  protectedResourceMetadata,
  type SeveralProtectedResources,
} from './protected-resource-metadata.js';
export { protectedResourceUrl } from './protected-resource-url.js';
export { requireClaims } from './require-claims.js';
export { scopeFromUser } from './scope-from-user.js';
export type { TokenLocations } from './token-locations.js';
export type { VerifyDone, VerifyFunction, VerifyFunctionWithRequest } from './verify-function.js';
