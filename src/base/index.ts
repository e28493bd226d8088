export type { Clock, NumericDate } from './clock.js';
export { InvalidDpopProofError, UseDpopNonceError } from './dpop-errors.js';
export type { Duration } from './duration.js';
export type { ErrorCode, WireError } from './error-codes.js';
export {
  AccessDeniedError,
  InsufficientScopeError,
  InvalidRequestError,
  InvalidTokenError,
  MissingCredentialsError,
  PassportJweError,
  RateLimitExceededError,
  TemporarilyUnavailableError,
} from './errors.js';
export type { JsonObject, JsonValue } from './json.js';
export type { RateLimitState } from './rate-limit-headers.js';
export type {
  ClientRejection,
  DpopRejection,
  ExchangeRejection,
  GrantRejection,
  TokenRejection,
  UserRejection,
  WorkloadIdentity,
} from './rejections.js';
export {
  type ClockStep,
  createSteadyClock,
  type SteadyClock,
  type SteadyClockOptions,
} from './steady-clock.js';
export {
  InvalidClientError,
  InvalidGrantError,
  InvalidScopeError,
  InvalidTargetError,
  UnauthorizedClientError,
  UnsupportedGrantTypeError,
  UnsupportedTokenTypeError,
} from './token-endpoint-errors.js';
