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
    fix: 'Issue fewer claims, for example with `metadata_claims`, or raise `maxTokenLength`. Node.js limits the headers of a request to 16 KiB in total.',
  },
  segment_count: {
    cause: 'The token does not have five segments. A signed JWT without encryption has three.',
    fix: 'Send the encrypted token. To accept signed JWTs of a trusted issuer for a limited time, set `signedOnly`.',
  },
  not_base64url: {
    cause:
      'A segment is not canonical base64url: it has padding, `+`, `/`, white space, or unused bits that are not zero.',
    fix: 'Send the token unchanged. Check whether a client or proxy re-encodes the token.',
  },
  header_too_long: {
    cause: 'The protected header has more than 1024 bytes.',
    fix: 'Correct the issuer: it must write fewer members to the protected header.',
  },
  header_not_json: {
    cause: 'The protected header is not a JSON object in UTF-8.',
    fix: 'Correct the issuer: it must encode the protected header as a JSON object in UTF-8.',
  },
  header_duplicate_member: {
    cause: 'The protected header repeats a member (RFC 7516 §4).',
    fix: 'Correct the issuer: it must write each member once.',
  },
  header_refused_member: {
    cause:
      'The protected header has a forbidden member: `zip`, `crit`, `jku`, `jwk`, `x5u`, `x5c`, `p2c`, `iss`, `sub` or `aud`.',
    fix: 'Issue tokens without compression, extensions, embedded keys and replicated claims.',
  },
  header_invalid_member: {
    cause:
      '`alg`, `enc` or `kid` is missing or not a string, or the header is nested too deeply. Or `epk`, `apu`, `apv`, `iv` or `tag` does not meet the requirements of the key.',
    fix: 'If another stack issues the tokens, configure `kid` there. To accept tokens without `kid`, set the option `legacy`.',
  },
  content_type: {
    cause:
      '`cty` has a value other than `JWT`, or the token contains a JWS but the option `verification` is missing.',
    fix: 'Set `verification` to the verification keys of the issuer.',
  },
  unknown_key: {
    cause:
      'The key ring has no key with this `kid`. The environment, audience or secret differs, or the key was retired.',
    fix: 'Check that issuer and resource server have the same secret, `environment` and audience, and that every instance uses the same key source.',
  },
  ambiguous_key: {
    cause:
      'The token has no `kid`, and several decryption keys of the trusted issuers match its `alg`, `enc` and curve. Or different keys of trusted issuers have the same `kid`.',
    fix: 'Ask the issuer to send a `kid`. During a rotation, set `kidlessRotation`, which tries the current and the previous private key.',
  },
  expired_key: {
    cause: '`notAfter` of the key or `legacy.until` has passed.',
    fix: 'Obtain a new token. If keys expire before their tokens, raise `maxTokenLifetimeSeconds` of `openKeyRing()`.',
  },
  algorithm: {
    cause:
      '`alg` or `enc` of the token differs from `alg` or `enc` of the key. Or the trusted issuer may not use these algorithms.',
    fix: 'Issue tokens with the `alg` and `enc` of the key. Give the key rings of issuer and resource server the same `enc`. For trusted issuers, list the algorithms in `keyManagementAlgorithms` and `contentEncryptionAlgorithms`.',
  },
  encryption_only: {
    cause: 'The key ring has only the public key of this key pair, so decryption is impossible.',
    fix: 'Give the resource server the private key.',
  },
  not_signed: {
    cause:
      'The token contains no JWS. Tokens under a public key, and tokens of trusted issuers with `verification`, must contain one.',
    fix: 'Issue the token with `signing`. Ask a trusted issuer to sign and then encrypt.',
  },
  not_encrypted: {
    cause:
      'The token is a signed JWT without encryption, and its issuer has no `signedOnly`, or `signedOnly.until` has passed.',
    fix: 'Turn on encryption at the issuer. Until then, set `signedOnly: { until }` for this issuer.',
  },
  unproven: {
    cause:
      'The required proof of issuance is missing or invalid. A holder of an exported key ring created the token, or an earlier release issued it.',
    fix: 'Obtain a new token from the token router.',
  },
  unprovable: {
    cause:
      'A proof of issuance is required, but tokens of this kind cannot have one. This applies to tokens under underived symmetric keys, `legacy` tokens and tokens of trusted issuers.',
    fix: 'Use a key ring with a root, or public keys with signatures.',
  },
  jws_malformed: {
    cause:
      'The nested JWS does not have three segments of canonical base64url, or the JWS header is invalid.',
    fix: 'Correct the issuer: it must write the JWS in compact serialization, with `alg` and `kid` in the header.',
  },
  jws_refused_member: {
    cause:
      'The header of the nested JWS has a forbidden member: `crit`, `b64`, `jku`, `jwk`, `x5*`, `zip` or `cty`.',
    fix: 'Issue the JWS without this member.',
  },
  jws_unknown_key: {
    cause: 'No verification key of the issuer has the `kid` of the nested JWS.',
    fix: 'Add the key to `verification`. Publish each new key before you sign with it.',
  },
  jws_expired_key: {
    cause: '`notAfter` of the verification key has passed.',
    fix: 'Sign with a current key.',
  },
  jws_algorithm: {
    cause: '`alg` of the nested JWS differs from `alg` of the verification key.',
    fix: 'Set the same `alg` in the JWK and the token. For RSA keys without `alg`, set `rsaAlgorithm` of `remoteJwks()`.',
  },
  jws_signature: {
    cause: 'The signature of the nested JWS is invalid.',
    fix: 'Check that the verification keys belong to this issuer. Repeated failures indicate an attack.',
  },
  encrypted_key: {
    cause:
      'The encrypted key does not have the length that the algorithm requires. For `dir`, the encrypted key must be empty.',
    fix: 'Correct the issuer: it must write the encrypted key that RFC 7518 §4 specifies for this `alg`.',
  },
  iv_length: {
    cause: 'The initialization vector is not 96 bits long. python-jose 3.3 writes 128 bits.',
    fix: 'Issue tokens with a 96-bit initialization vector. To accept tokens of python-jose, set the option `legacy`.',
  },
  tag_length: {
    cause: 'The authentication tag is not 128 bits long, for example because the token was truncated.',
    fix: 'Send the token unchanged.',
  },
  decryption: {
    cause: 'The token was modified, or was encrypted under a different key with the same `kid`.',
    fix: 'If this affects all tokens, compare the secret, `environment` and audience of issuer and resource server.',
  },
  claims_not_json: {
    cause: 'The decrypted content is not a JSON object in UTF-8.',
    fix: 'Correct the issuer: it must encode the claims as a JSON object in UTF-8.',
  },
  claims_too_deep: {
    cause: 'The claims are nested too deeply.',
    fix: 'Flatten custom claims and `metadata`.',
  },
  claim_missing: {
    cause: '`iss`, `aud`, `exp`, `iat`, `jti` or a claim in `requiredClaims` is missing.',
    fix: 'Issue tokens with this claim, or remove it from `requiredClaims`.',
  },
  claim_malformed: {
    cause:
      'A claim has the wrong type, for example a string as `exp`. Or the token lacks a claim that the token type requires.',
    fix: 'Correct the issuer. Times must be NumericDates: seconds since 1970-01-01T00:00:00Z.',
  },
  scope_conflict: {
    cause: 'The token has `scope` and the claim in the option `scopeClaim`, but the two values differ.',
    fix: 'Issue tokens with only one of the two claims.',
  },
  expired: {
    cause: '`exp` has passed by more than `clockToleranceSeconds`.',
    fix: 'Obtain a new token. If new tokens expire immediately, synchronize the clocks.',
  },
  not_yet_valid: {
    cause: '`nbf` is in the future by more than `clockToleranceSeconds`.',
    fix: 'Synchronize the clocks, or raise `clockToleranceSeconds` (60 at most).',
  },
  issued_in_future: {
    cause:
      '`iat` is in the future by more than `clockToleranceSeconds`, so the clock of the issuer is ahead.',
    fix: 'Synchronize the clocks, or raise `clockToleranceSeconds` (60 at most).',
  },
  too_old: {
    cause:
      'The token is older than `maxTokenAgeSeconds`, or older than the maximum age in `requireMaxAge()`.',
    fix: 'Obtain a new token.',
  },
  lifetime_too_long: {
    cause: '`exp - iat` exceeds `maxTokenLifetimeSeconds` (86 400 by default).',
    fix: 'Issue tokens with a shorter lifetime, or set the same `maxTokenLifetimeSeconds` for the token router and every verifier.',
  },
  wrong_issuer: {
    cause:
      'Neither `issuer` nor `trustedIssuers` lists the `iss` of the token. Or the token is encrypted under the key of another issuer.',
    fix: 'Compare `iss` with both options character by character, including trailing slashes.',
  },
  wrong_audience: {
    cause:
      '`aud` contains none of the values of `audience`, or the key was derived for a different audience.',
    fix: 'Request the token for this audience, or correct `audience`. Compare both character by character, including trailing slashes.',
  },
  wrong_environment: {
    cause:
      'The token was issued in a different environment: the key was derived from the same secret for a different `environment`.',
    fix: 'Set the same `environment` for the key rings of issuer and resource server, or obtain a token in this environment.',
  },
  wrong_typ: {
    cause: '`typ` of the token is not in the option `typ` (`at+jwt` by default).',
    fix: 'To accept tokens of other issuers, set the option `typ` to their media types.',
  },
  refresh_token: {
    cause: 'The client sent a refresh token as an access token.',
    fix: 'Send `access_token` of the token response.',
  },
  id_token: {
    cause:
      'The token has the claim `nonce`, `at_hash` or `c_hash`, so it is an ID token. An ID token tells a client who signed in, and grants no access.',
    fix: 'Send the access token.',
  },
  replicated_claim: {
    cause: '`iss`, `sub` or `aud` in the protected header differs from the claim (RFC 7519 §5.3).',
    fix: 'Correct the issuer: it must copy these claims to the header without changes. Otherwise, the token was altered.',
  },
  unknown_type: {
    cause:
      'The claim `type` has a value that this release does not know, or a `legacy` token has the type `delegation`.',
    fix: 'Upgrade the resource server before the token router.',
  },
  key_bound: {
    cause:
      'The claim `cnf` binds the token to a key of the client (RFC 7800), and the request does not prove possession of that key. The request uses the scheme `Bearer`, or sends the token in a cookie or another location. Or the verifier has no option `dpop` or `mutualTls`, or `cnf` has an unknown member.',
    fix: 'Set `dpop` of the resource server. The client must send `Authorization: DPoP <token>` and a proof in the header `DPoP`. Verifiers without a request, for example `createTokenVerifier()`, reject all bound tokens.',
  },
  not_key_bound: {
    cause:
      'The request uses the scheme `DPoP`, but the token has no `cnf.jkt`. Or the request uses the scheme `Bearer`, and `dpop.mode` is `require`.',
    fix: 'Send a DPoP proof with the token request. The `token_type` of the response is then `DPoP`. If clients still have bearer tokens, set `mode: "allow"`.',
  },
  wrong_key: {
    cause:
      'The key of the DPoP proof is not the key of the token (`cnf.jkt`). The client has a new key, or the token was stolen.',
    fix: 'Sign the proof with the key that signed the proof of the token request. If the client has lost this key, request a new token.',
  },
  wrong_certificate: {
    cause:
      'The connection has no client certificate, or its certificate is not that of the token (`cnf.x5t#S256`). The client has a new certificate, the proxy does not forward the certificate, or the token was stolen.',
    fix: 'Use the certificate of the token request. If the certificate was renewed, request a new token. Behind a proxy, check that the proxy forwards the certificate.',
  },
  revoked: {
    cause:
      'The token or its session, subject, API key or `kid` was revoked. Revoking a token also revokes all tokens delegated from it. The verifier also rejects tokens that are older than the store or a folded revocation.',
    fix: 'Obtain a new token. If the verifier rejects all tokens after a restart, see What each store guarantees.',
  },
  key_inactive: {
    cause:
      'The API key of the token was removed or deactivated, or has expired. For a delegated token, this applies to every API key in the lineage.',
    fix: 'Activate the API key, or obtain a token with a different API key.',
  },
  custom_claims: {
    cause:
      '`claimsSchema` rejects the custom claims of the token. The schemas of issuer and verifier differ, or the schema changed after the token was issued. Tokens of API keys must match the schema too.',
    fix: 'Give the issuer and all verifiers the same schema. Make new claims optional until older tokens have expired.',
  },
  no_user: {
    cause: 'The verify function of `JweStrategy` found no user.',
    fix: 'Check the verify function and the `sub` of the token. Return a promise of the user, or pass the user to `done` as the second argument.',
  },
};
