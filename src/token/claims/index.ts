export type { ClaimsSchema } from './claims-schema.js';
export type {
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
  ServiceClaims,
  UserClaims,
} from './claims-set.js';
export type { Confirmation } from './confirmation.js';
export type { RateLimits, UserLimits } from './rate-limits.js';
export type { ApiKeyType, TokenType } from './token-type-names.js';
export type { NoClaims, VerifiedToken, VerifiedTokenOf } from './verified-token.js';
