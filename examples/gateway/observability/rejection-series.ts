import type {
  ClientRejection,
  DpopRejection,
  ErrorCode,
  ExchangeRejection,
  GrantRejection,
  TokenRejection,
} from 'passport-jwe';

/** Labels of a time series of rejections. */
export interface RejectionLabels {
  readonly code: ErrorCode;
  readonly reason: string;
}

const CODES = [
  ...(['ERR_MISSING_CREDENTIALS', 'ERR_INVALID_TOKEN', 'ERR_INSUFFICIENT_SCOPE'] as const),
  ...(['ERR_ACCESS_DENIED', 'ERR_RATE_LIMIT_EXCEEDED', 'ERR_TEMPORARILY_UNAVAILABLE'] as const),
  ...(['ERR_INVALID_REQUEST', 'ERR_INVALID_CLIENT', 'ERR_INVALID_GRANT', 'ERR_INVALID_SCOPE'] as const),
  ...(['ERR_INVALID_TARGET', 'ERR_UNAUTHORIZED_CLIENT', 'ERR_UNSUPPORTED_GRANT_TYPE'] as const),
  ...(['ERR_UNSUPPORTED_TOKEN_TYPE', 'ERR_INVALID_DPOP_PROOF', 'ERR_USE_DPOP_NONCE'] as const),
  'ERR_CONFIGURATION',
] as const satisfies readonly ErrorCode[];

const TOKEN = [
  ...(['too_long', 'segment_count', 'not_base64url', 'header_too_long', 'header_not_json'] as const),
  ...(['header_duplicate_member', 'header_refused_member', 'header_invalid_member'] as const),
  ...(['content_type', 'unknown_key', 'ambiguous_key', 'expired_key', 'algorithm'] as const),
  ...(['encryption_only', 'not_signed', 'not_encrypted', 'unproven', 'unprovable'] as const),
  ...(['jws_malformed', 'jws_refused_member', 'jws_unknown_key', 'jws_expired_key'] as const),
  ...(['jws_algorithm', 'jws_signature', 'encrypted_key', 'iv_length', 'tag_length'] as const),
  ...(['decryption', 'claims_not_json', 'claims_too_deep', 'claim_missing', 'claim_malformed'] as const),
  ...(['scope_conflict', 'expired', 'not_yet_valid', 'issued_in_future', 'too_old'] as const),
  ...(['lifetime_too_long', 'wrong_issuer', 'wrong_audience', 'wrong_environment'] as const),
  ...(['wrong_typ', 'refresh_token', 'id_token', 'replicated_claim', 'unknown_type'] as const),
  ...(['key_bound', 'not_key_bound', 'wrong_key', 'wrong_certificate', 'revoked'] as const),
  ...(['key_inactive', 'custom_claims', 'no_user'] as const),
] as const satisfies readonly TokenRejection[];

const DPOP = [
  ...(['proof_missing', 'proof_repeated', 'proof_too_long', 'proof_malformed', 'proof_typ'] as const),
  ...(['proof_algorithm', 'proof_private_key', 'proof_key', 'proof_claim', 'proof_method'] as const),
  ...(['proof_target', 'proof_too_old', 'proof_in_future', 'proof_token_hash'] as const),
  ...(['proof_signature', 'proof_replayed'] as const),
] as const satisfies readonly DpopRejection[];

const CLIENT = [
  ...(['no_credentials', 'malformed_key', 'unknown_key', 'key_id_mismatch', 'inactive', 'expired'] as const),
  ...(['previous_key_expired', 'assertion_type', 'assertion_malformed', 'assertion_typ'] as const),
  ...(['assertion_subject', 'assertion_unknown_client', 'assertion_not_allowed'] as const),
  ...(['assertion_claim', 'assertion_audience', 'assertion_expired', 'assertion_not_yet_valid'] as const),
  ...(['assertion_lifetime', 'assertion_algorithm', 'assertion_unknown_key'] as const),
  ...(['assertion_expired_key', 'assertion_signature', 'assertion_replayed'] as const),
] as const satisfies readonly ClientRejection[];

const GRANT = [
  ...(['unknown_family', 'ended', 'revoked', 'reused', 'guessed', 'wrong_client'] as const),
  ...(['wrong_session', 'wrong_device', 'no_device', 'wrong_key', 'wrong_scope'] as const),
  ...(['not_repeatable', 'key_inactive'] as const),
] as const satisfies readonly GrantRejection[];

const EXCHANGE = [
  ...(['invalid_subject_token', 'invalid_actor_token', 'wrong_subject_type', 'wrong_actor_type'] as const),
  ...(['subject_not_allowed', 'actor_not_allowed', 'key_not_active', 'may_act', 'too_deep'] as const),
  ...(['key_bound', 'proof_missing', 'expires_now'] as const),
] as const satisfies readonly ExchangeRejection[];

const REASONS: readonly (readonly [ErrorCode, readonly string[]])[] = [
  ...CODES.map((code) => [code, ['none']] as const),
  ['ERR_INVALID_TOKEN', TOKEN],
  ['ERR_INVALID_DPOP_PROOF', DPOP],
  ['ERR_INVALID_CLIENT', CLIENT],
  ['ERR_INVALID_GRANT', GRANT],
  ['ERR_INVALID_REQUEST', EXCHANGE],
];

/**
 * Returns the labels of all rejections by this gateway. Reasons of features that it does not use are omitted: workload
 * identities, directories and mutual TLS.
 */
export function rejectionSeries(): readonly RejectionLabels[] {
  return REASONS.flatMap(([code, reasons]) => reasons.map((reason) => ({ code, reason })));
}
