/** Values of `error` in responses (RFC 6749 §5.2, RFC 6750 §3.1, RFC 7009 §2.2.1, RFC 8707 §2, RFC 9449 §12.2). */
export type WireError =
  | 'invalid_request'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'access_denied'
  | 'rate_limit_exceeded'
  | 'temporarily_unavailable'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'invalid_scope'
  | 'invalid_target'
  | 'unsupported_token_type'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce';

/** Error codes for callers and audit events. Codes never change within a major version. */
export type ErrorCode = `ERR_${Uppercase<WireError>}` | 'ERR_MISSING_CREDENTIALS' | 'ERR_CONFIGURATION';
