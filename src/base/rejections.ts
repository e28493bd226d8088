/** Why a token was refused. For the audit trail alone: on the wire most of them look the same (RFC 8725 section 3.2). */
export type TokenRejection =
  | 'too_long'
  | 'segment_count'
  | 'not_base64url'
  | 'header_too_long'
  | 'header_not_json'
  | 'header_duplicate_member'
  | 'header_refused_member'
  | 'header_invalid_member'
  | 'content_type'
  | 'unknown_key'
  | 'expired_key'
  | 'algorithm'
  | 'encryption_only'
  | 'not_signed'
  | 'unproven'
  | 'unprovable'
  | 'jws_malformed'
  | 'jws_refused_member'
  | 'jws_unknown_key'
  | 'jws_expired_key'
  | 'jws_algorithm'
  | 'jws_signature'
  | 'encrypted_key'
  | 'iv_length'
  | 'tag_length'
  | 'decryption'
  | 'claims_not_json'
  | 'claims_too_deep'
  | 'claim_missing'
  | 'claim_malformed'
  | 'scope_conflict'
  | 'expired'
  | 'not_yet_valid'
  | 'issued_in_future'
  | 'too_old'
  | 'lifetime_too_long'
  | 'wrong_issuer'
  | 'wrong_audience'
  | 'wrong_typ'
  | 'refresh_token'
  | 'unknown_type'
  | 'key_bound'
  | 'revoked'
  | 'key_inactive'
  | 'no_user';

/** Why a client was not authenticated. For the audit trail alone: on the wire they are one `invalid_client`. */
export type ClientRejection =
  | 'no_credentials'
  | 'malformed_key'
  | 'unknown_key'
  | 'key_id_mismatch'
  | 'inactive'
  | 'expired'
  | 'previous_key_expired';

/** Why a token exchange was refused. For the audit trail alone: on the wire they are one `invalid_request`. */
export type ExchangeRejection =
  | 'invalid_subject_token'
  | 'invalid_actor_token'
  | 'wrong_subject_type'
  | 'wrong_actor_type'
  | 'subject_not_allowed'
  | 'actor_not_allowed'
  | 'key_not_active'
  | 'may_act'
  | 'too_deep'
  | 'expires_now';

/** Why a token was not accepted as a grant. For the audit trail alone: on the wire they are one `invalid_grant`. */
export type GrantRejection =
  | 'malformed'
  | 'expired'
  | 'unknown_family'
  | 'ended'
  | 'revoked'
  | 'reused'
  | 'guessed'
  | 'wrong_client'
  | 'wrong_session'
  | 'wrong_device'
  | 'no_device'
  | 'wrong_scope'
  | 'not_repeatable';

/** A token that was verified, as the audit trail names it. */
export interface TokenIdentity {
  /** The token proves that its issuer issued it. Where that cannot be checked, or it does not, this is absent. */
  readonly proven?: true;
  /** Of a token of a trusted issuer: the identities below are its own. Default: those of a home issuer. */
  readonly issuer?: string;
  readonly jti: string;
  /** Key under which it is encrypted. */
  readonly kid?: string;
  readonly clientId?: string;
  readonly subject?: string;
}
