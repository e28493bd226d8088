/** Reasons for rejecting a token, for audit events only. Most of them cause the same response (RFC 7516 §11.5). */
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
  | 'ambiguous_key'
  | 'expired_key'
  | 'algorithm'
  | 'encryption_only'
  | 'not_signed'
  | 'not_encrypted'
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
  | 'wrong_environment'
  | 'wrong_typ'
  | 'refresh_token'
  | 'id_token'
  | 'replicated_claim'
  | 'unknown_type'
  | 'key_bound'
  | 'not_key_bound'
  | 'wrong_key'
  | 'wrong_certificate'
  | 'revoked'
  | 'key_inactive'
  | 'custom_claims'
  | 'no_user';

/** Reasons for rejecting a DPoP proof (RFC 9449 §4.3). The description of the response names the same fault. */
export type DpopRejection =
  | 'proof_missing'
  | 'proof_repeated'
  | 'proof_too_long'
  | 'proof_malformed'
  | 'proof_typ'
  | 'proof_algorithm'
  | 'proof_private_key'
  | 'proof_key'
  | 'proof_claim'
  | 'proof_method'
  | 'proof_target'
  | 'proof_too_old'
  | 'proof_in_future'
  | 'proof_token_hash'
  | 'proof_signature'
  | 'proof_replayed';

/** Reasons for rejecting client credentials, for audit events only. The response is always `invalid_client`. */
export type ClientRejection =
  | 'no_credentials'
  | 'malformed_key'
  | 'unknown_key'
  | 'key_id_mismatch'
  | 'inactive'
  | 'expired'
  | 'previous_key_expired'
  | 'assertion_type'
  | 'assertion_malformed'
  | 'assertion_typ'
  | 'assertion_subject'
  | 'assertion_unknown_client'
  | 'assertion_not_allowed'
  | 'assertion_claim'
  | 'assertion_audience'
  | 'assertion_expired'
  | 'assertion_not_yet_valid'
  | 'assertion_lifetime'
  | 'assertion_algorithm'
  | 'assertion_unknown_key'
  | 'assertion_expired_key'
  | 'assertion_signature'
  | 'assertion_replayed'
  | 'certificate_missing'
  | 'certificate_untrusted'
  | 'certificate_unreadable'
  | 'certificate_expired'
  | 'certificate_mismatch';

/**
 * Reasons for rejecting a JWT of another issuer: that of a workload, an ID-JAG or an ID token.
 *
 * @inline
 */
export type AssertionRejection =
  | 'malformed'
  | 'expired'
  | 'assertion_type'
  | 'assertion_algorithm'
  | 'assertion_unknown_key'
  | 'assertion_signature'
  | 'assertion_issuer'
  | 'assertion_audience'
  | 'assertion_claim'
  | 'assertion_key_bound'
  | 'assertion_not_yet_valid'
  | 'assertion_replayed';

/** Reasons for rejecting a token exchange, for audit events only. The response is always `invalid_request`. */
export type ExchangeRejection =
  | AssertionRejection
  | 'assertion_party'
  | 'assertion_too_old'
  | 'assertion_condition'
  | 'invalid_subject_token'
  | 'invalid_actor_token'
  | 'wrong_subject_type'
  | 'wrong_actor_type'
  | 'subject_not_allowed'
  | 'actor_not_allowed'
  | 'key_not_active'
  | 'may_act'
  | 'too_deep'
  | 'key_bound'
  | 'proof_missing'
  | 'expires_now';

/** Reasons for rejecting a token as a grant, for audit events only. The response is always `invalid_grant`. */
export type GrantRejection =
  | 'unknown_family'
  | 'ended'
  | 'revoked'
  | 'reused'
  | 'guessed'
  | 'wrong_client'
  | 'wrong_session'
  | 'wrong_device'
  | 'no_device'
  | 'wrong_key'
  | 'wrong_scope'
  | 'not_repeatable'
  | 'no_user'
  | AssertionRejection
  | 'assertion_lifetime'
  | 'assertion_user'
  | 'no_workload'
  | 'several_workloads'
  | 'no_client'
  | 'key_inactive'
  | 'user_unknown'
  | 'user_absent'
  | 'user_disabled'
  | 'user_expired'
  | 'user_locked'
  | 'user_password_expired'
  | 'user_groups_overage';

/** Reasons for rejecting a user of a directory or an identity provider, for audit events only. */
export type UserRejection = Extract<GrantRejection, `user_${string}`>;

/** Workload of an authentic JWT, for audit events. */
export interface WorkloadIdentity {
  /** `iss` of the JWT, or the SPIFFE trust domain of a JWT-SVID without `iss`. */
  readonly issuer: string;
  /** `sub` of the JWT. */
  readonly subject: string;
}

/**
 * Identity of a verified token, for audit events.
 *
 * @inline
 */
export interface TokenIdentity {
  /** Whether the token has a valid proof of issuance. Absent if the proof is missing, invalid or cannot be checked. */
  readonly proven?: true;
  /** Trusted issuer that assigned `jti`, `clientId` and `subject`. Absent if a home issuer assigned them. */
  readonly issuer?: string;
  /** ID of the token. */
  readonly jti: string;
  /** ID of the key that encrypts the token. */
  readonly kid?: string;
  /** `key_id` of the client. */
  readonly clientId?: string;
  /** Subject of the token or session. */
  readonly subject?: string;
}

/**
 * Facts about a rejected token, for debug lines, the command line and audit events. Never sent to clients.
 *
 * @inline
 */
export interface RejectionDetail {
  /** Identity of a token that is authentic and well-formed but no longer valid. For audit events only. */
  readonly token?: TokenIdentity;
  /** Key ID of the key that encrypts the token. */
  readonly kid?: string;
  /** Name of the claim that failed the check. */
  readonly claim?: string;
  /** Configured values, or a limit. */
  readonly expected?: string | readonly string[] | ReadonlySet<string>;
  /** Issuer, audience, type or environment of an authentic token, or a duration. Never a claim about the user. */
  readonly found?: string | readonly string[];
}
