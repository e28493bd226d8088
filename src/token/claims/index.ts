export type { ClaimsSchema } from './claims-schema.js';
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
  UserClaims,
  UserLimits,
} from './claims-set.js';
export type { Confirmation } from './confirmation.js';
export type { NoClaims, VerifiedToken, VerifiedTokenOf } from './verified-token.js';
