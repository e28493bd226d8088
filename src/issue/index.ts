export * from '../base/index.js';
export type { CorsOptions } from '../http/answer-cors.js';
export type { MetadataMembers } from '../http/metadata-members.js';
export type { MutualTlsOptions } from '../http/mutual-tls-options.js';
export { createSigningKey } from '../keys/create-signing-key.js';
export * from '../keys/index.js';
export { type PublishAccessKeysOptions, publishAccessKeys } from '../keys/publish-access-keys.js';
export * from '../revocation/index.js';
export { createSessions, type SessionsOptions } from '../sessions/create-sessions.js';
export type { RefreshSettings } from '../sessions/refresh-settings.js';
export type { Session, SessionOwner } from '../sessions/session.js';
export { type SessionRouterOptions, sessionRouter } from '../sessions/session-router.js';
export type {
  AllSessionsEnd,
  SessionEnd,
  SessionPage,
  SessionQuery,
  Sessions,
} from '../sessions/sessions-contract.js';
export type * from '../token/claims/index.js';
export type { DpopAlgorithm } from '../verify/dpop/dpop-options.js';
export {
  type AuthorizationServerMetadataOptions,
  authorizationServerMetadata,
} from './authorization-server-metadata.js';
export { findTokenClient } from './find-token-client.js';
export type { ClaimsContext, ClaimsHook } from './grants/issue-access-token.js';
export type {
  DirectoryLink,
  IdentityProvider,
  IdentityProviderType,
} from './id-tokens/identity-provider.js';
export type { ClientTokenRequest, IssueRequest, UserTokenRequest } from './issue-request.js';
export type { TokenRouterDpopOptions } from './router-dpop.js';
export type { ThrottleOptions } from './throttle-failures.js';
export {
  createTokenIssuer,
  type IssuedToken,
  type TokenIssuer,
  type TokenIssuerOptions,
} from './token-issuer.js';
export { tokenRouter } from './token-router.js';
export type { TokenRouterOptions } from './token-router-options.js';
export { createUserSessions } from './user-sessions.js';
export type {
  SessionTokens,
  UserSessionRefresh,
  UserSessionStart,
  UserSessions,
  UserSessionsEnd,
} from './user-sessions-contract.js';
export type { SessionUser, UserClaimsHook, UserSessionsOptions } from './user-sessions-options.js';
export {
  type DirectorySweep,
  type SweepDirectoryOptions,
  sweepDirectory,
} from './users/sweep-directory.js';
export type { UserDirectoriesOptions } from './users/user-directories-options.js';
export type { Workload } from './workloads/workload.js';
export type { WorkloadIssuer } from './workloads/workload-issuers.js';
