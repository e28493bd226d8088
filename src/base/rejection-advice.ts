import type { TokenRejection } from './rejections.js';

/** What a rejection means, and what to do about it. */
export interface RejectionAdvice {
  readonly cause: string;
  readonly fix: string;
}

/**
 * Advice for each reason, as in docs/reference/errors.md. Printed by debug lines and the command line, never sent to
 * clients. Large, so load it on first use.
 */
export const REJECTION_ADVICE: Readonly<Record<TokenRejection, RejectionAdvice>> = {
  too_long: {
    cause: 'The token has more than `maxTokenLength` characters (8192 by default).',
    fix: 'Emit fewer claims, for example by `metadata_claims`, or raise `maxTokenLength`. Node.js limits all headers of a request to 16 KiB.',
  },
  segment_count: {
    cause: 'The token does not have five segments. JWTs that are only signed have three.',
    fix: 'Send the encrypted token. If the client sends a signed JWT of another issuer, this package is not its verifier.',
  },
  not_base64url: {
    cause:
      'A segment is not canonical base64url: padding, `+`, `/`, white space, or unused bits that are not zero.',
    fix: 'Send the token unchanged. Look for a client or proxy that re-encodes it.',
  },
  header_too_long: {
    cause: 'The protected header has more than 1024 bytes.',
    fix: 'Shorten the header of the issuing stack.',
  },
  header_not_json: {
    cause: 'The protected header is not a JSON object in UTF-8.',
    fix: 'Fix the issuing stack.',
  },
  header_duplicate_member: {
    cause: 'The protected header repeats a member (RFC 7516 §4).',
    fix: 'Fix the issuing stack.',
  },
  header_refused_member: {
    cause:
      'The protected header has a member that is never accepted: `zip`, `crit`, `jku`, `jwk`, `x5u`, `x5c`, `p2c`, `iss`, `sub` or `aud`.',
    fix: 'Issue tokens without compression, embedded keys and replicated claims.',
  },
  header_invalid_member: {
    cause:
      '`alg`, `enc` or `kid` is missing or not a string, or the header is nested too deeply. Or `epk`, `apu`, `apv`, `iv` or `tag` does not meet the requirements of its key.',
    fix: 'Set `kid` when you issue tokens with another stack. For tokens without `kid`, use the option `legacy`.',
  },
  content_type: {
    cause: '`cty` has a value other than `JWT`, or the token contains a JWS and no `verification` is set.',
    fix: 'Set `verification` with the keys of the issuer.',
  },
  unknown_key: {
    cause:
      'The key ring has no key with this `kid`. The secret, the environment or the audience differs, or the key was retired.',
    fix: 'Check that issuer and resource server have the same secret, `environment` and audience, and that every instance uses the same key source.',
  },
  expired_key: {
    cause: 'The key of the token is past its `notAfter`, or `legacy.until` has passed.',
    fix: 'Obtain a new token. If tokens outlive their keys, raise `maxTokenLifetimeSeconds` of `openKeyRing()`.',
  },
  algorithm: {
    cause:
      '`alg` or `enc` of the token differs from that of the key, or a token of a trusted issuer is not encrypted to a public key.',
    fix: 'Issue tokens with the `alg` and `enc` of the JWK. Give the key rings of issuer and resource server the same `enc`.',
  },
  encryption_only: {
    cause: 'The key ring has only the public half of the key, so it cannot decrypt the token.',
    fix: 'Give the resource server the private key.',
  },
  not_signed: {
    cause: 'A token that is encrypted to a public key, or a token of a trusted issuer, contains no JWS.',
    fix: 'Issue it with `signing`.',
  },
  unproven: {
    cause:
      'The required proof of issuance is missing or invalid. A holder of the exported access key made the token, or an earlier release issued it.',
    fix: 'Obtain a new token from the token router.',
  },
  unprovable: {
    cause:
      'A proof of issuance is required, but tokens of this kind cannot have one: underived symmetric keys, `legacy` tokens and tokens of trusted issuers.',
    fix: 'Use a key ring with a root, or public keys with signatures.',
  },
  jws_malformed: {
    cause: 'The nested JWS does not have three segments of canonical base64url, or its header is not valid.',
    fix: 'Fix the issuing stack.',
  },
  jws_refused_member: {
    cause:
      'The header of the nested JWS has a member that is never accepted: `crit`, `b64`, `jku`, `jwk`, `x5*`, `zip` or `cty`.',
    fix: 'Issue the JWS without it.',
  },
  jws_unknown_key: {
    cause: 'No verification key of the issuer has the `kid` of the nested JWS.',
    fix: 'Add the key to `verification`, or publish it before you sign with it.',
  },
  jws_expired_key: {
    cause: 'The verification key is past its `notAfter`.',
    fix: 'Sign with a current key.',
  },
  jws_algorithm: {
    cause: '`alg` of the nested JWS differs from `alg` of the verification key.',
    fix: 'Set the same `alg` in the JWK and the token. For RSA keys without `alg`, set `rsaAlgorithm` of `remoteJwks()`.',
  },
  jws_signature: {
    cause: 'The signature of the nested JWS does not verify.',
    fix: 'Check that the verification keys belong to this issuer. Repeated events point to an attack.',
  },
  encrypted_key: {
    cause:
      'The encrypted key does not have the length that the algorithm requires. For `dir` it must be empty.',
    fix: 'Fix the issuing stack.',
  },
  iv_length: {
    cause: 'The initialization vector does not have 96 bits. python-jose 3.3 writes 128 bits.',
    fix: 'Use the option `legacy` for tokens of python-jose.',
  },
  tag_length: {
    cause: 'The authentication tag does not have 128 bits.',
    fix: 'Send the token unchanged. It was probably truncated.',
  },
  decryption: {
    cause: 'The token was changed, or it was encrypted under another key with the same `kid`.',
    fix: 'If it affects all tokens, the key rings of issuer and resource server differ: compare secret, `environment` and audience.',
  },
  claims_not_json: {
    cause: 'The decrypted content is not a JSON object in UTF-8.',
    fix: 'Fix the issuing stack.',
  },
  claims_too_deep: {
    cause: 'The claims are nested too deeply.',
    fix: 'Flatten custom claims and `metadata`.',
  },
  claim_missing: {
    cause: '`iss`, `aud`, `exp`, `iat`, `jti` or a claim in `requiredClaims` is missing.',
    fix: 'Issue it, or remove it from `requiredClaims`.',
  },
  claim_malformed: {
    cause:
      'A claim has the wrong type, for example an `exp` that is a string, or a token type lacks one of its claims.',
    fix: 'Fix the issuing stack. Times are NumericDates: seconds since 1970.',
  },
  scope_conflict: {
    cause: 'With `scopeClaim`, the token has a `scope` that differs from that claim.',
    fix: 'Issue one of them only.',
  },
  expired: {
    cause: '`exp` has passed, beyond `clockToleranceSeconds`.',
    fix: 'Obtain a new token. If new tokens expire at once, synchronize the clocks.',
  },
  not_yet_valid: {
    cause: '`nbf` is in the future.',
    fix: 'Synchronize the clocks, or raise `clockToleranceSeconds` (60 at most).',
  },
  issued_in_future: {
    cause: '`iat` is in the future: the clock of the issuer is ahead.',
    fix: 'Synchronize the clocks, or raise `clockToleranceSeconds` (60 at most).',
  },
  too_old: {
    cause: 'The token is older than `maxTokenAgeSeconds`, or than `requireMaxAge()` of the route allows.',
    fix: 'Obtain a new token.',
  },
  lifetime_too_long: {
    cause: '`exp - iat` exceeds `maxTokenLifetimeSeconds` (86 400 by default).',
    fix: 'Issue tokens with a shorter lifetime, or set the same `maxTokenLifetimeSeconds` for the token router and every verifier.',
  },
  wrong_issuer: {
    cause: '`iss` is neither in `issuer` nor in `trustedIssuers`.',
    fix: 'Compare them character by character, including the trailing slash.',
  },
  wrong_audience: {
    cause: '`aud` contains none of `audience`, or it is not the audience that the key was derived for.',
    fix: 'Request the token for this audience, or fix `audience`. Compare them character by character, including the trailing slash.',
  },
  wrong_environment: {
    cause:
      'The token was issued in another environment: its key was derived from the same secret for another `environment`.',
    fix: 'Set the same `environment` for the key rings of issuer and resource server, or obtain a token in this environment.',
  },
  wrong_typ: {
    cause: '`typ` is not `at+jwt`, or not listed in the option `typ`.',
    fix: 'Set `typ` for tokens of other issuers.',
  },
  refresh_token: {
    cause: 'The client sent its refresh token as an access token.',
    fix: 'Send `access_token` of the token response.',
  },
  unknown_type: {
    cause:
      'The claim `type` names a token type that this release does not know. A `legacy` token cannot have the type `delegation`.',
    fix: 'Upgrade the resource server before the token router.',
  },
  key_bound: {
    cause:
      'The token has `cnf`: it is bound to a key of the client (RFC 7800), which a bearer token cannot prove.',
    fix: 'Issue it without `cnf`.',
  },
  revoked: {
    cause:
      'The token, its session, subject, API key or `kid` was revoked. Revoking a token also revokes tokens delegated from it. The token may also predate the store, or a folded revocation.',
    fix: 'Obtain a new token. If it affects all tokens after a restart, see What each store guarantees.',
  },
  key_inactive: {
    cause:
      'The API key of the token was removed, deactivated or has expired. For delegated tokens this includes every key in the lineage.',
    fix: 'Activate the API key, or issue tokens for another one.',
  },
  custom_claims: {
    cause: '`claimsSchema` rejects the custom claims of the token.',
    fix: 'Give the issuer the same `claimsSchema`. Tokens that were issued before a change of the schema stay rejected.',
  },
  no_user: {
    cause: 'The verify function of `JweStrategy` found no user.',
    fix: 'Check the verify function and the `sub` of the token.',
  },
};
